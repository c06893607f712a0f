//! A map with a capacity: the oldest key is evicted first. It bounds the memory that clients can make the simulator use.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map of the most recently inserted keys.
#[derive(Debug)]
pub(crate) struct BoundedMap<K, V> {
    capacity: usize,
    order: VecDeque<K>,
    values: HashMap<K, V>,
}

impl<K: Clone + Eq + Hash, V> BoundedMap<K, V> {
    /// An empty map for at most `capacity` keys.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, order: VecDeque::new(), values: HashMap::new() }
    }

    /// Sets the value of `key`. A new key evicts the oldest one if the map is full.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.make_room(&key);
        self.values.insert(key, value);
    }

    /// The value of `key`, unless it was evicted.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(key)
    }

    /// All entries, in arbitrary order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.values.iter()
    }

    /// Removes all entries.
    pub(crate) fn clear(&mut self) {
        self.order.clear();
        self.values.clear();
    }

    fn make_room(&mut self, key: &K) {
        if self.values.contains_key(key) {
            return;
        }
        if self.order.len() >= self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        self.order.push_back(key.clone());
    }
}

impl<K: Clone + Eq + Hash, V: Default> BoundedMap<K, V> {
    /// The value of `key`, inserted if it is missing. A new key evicts the oldest one if the map is full.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        self.make_room(&key);
        self.values.entry(key).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evicts_the_oldest_key_first() {
        let mut map = BoundedMap::new(2);
        *map.entry("a") = 1;
        map.insert("b", 2);
        *map.entry("a") += 10;
        map.insert("c", 3);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&3)));
    }
}
