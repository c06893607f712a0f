//! How much may go on at a time, in this process and for each of those who ask: an address, an account.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

struct Inside<Who> {
    all: u32,
    each: HashMap<Who, u32>,
}

/// Counts who is in.
#[derive(Clone)]
pub(crate) struct Doors<Who: Eq + Hash + Clone> {
    most: NonZeroU32,
    most_of_each: NonZeroU32,
    inside: Arc<Mutex<Inside<Who>>>,
}

/// Somebody's place, given up when dropped.
pub(crate) struct Ticket<Who: Eq + Hash + Clone> {
    doors: Doors<Who>,
    who: Who,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Shut {
    /// There is no room for anybody.
    #[error("too much goes on at a time")]
    Full,
    /// They have as much as is for them.
    #[error("too much goes on at a time for one of those who ask")]
    Enough,
}

impl<Who: Eq + Hash + Clone> Doors<Who> {
    /// With room for `most` in all and for `most_of_each` of each who asks.
    pub(crate) fn new(most: NonZeroU32, most_of_each: NonZeroU32) -> Self {
        Self { most, most_of_each, inside: Arc::new(Mutex::new(Inside { all: 0, each: HashMap::new() })) }
    }

    /// Lets somebody in.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn enter(&self, who: Who) -> Result<Ticket<Who>, Shut> {
        let mut inside = self.lock();
        if inside.all >= self.most.get() {
            return Err(Shut::Full);
        }
        let of_each = inside.each.entry(who.clone()).or_default();
        if *of_each >= self.most_of_each.get() {
            return Err(Shut::Enough);
        }
        *of_each += 1;
        inside.all += 1;
        Ok(Ticket { doors: self.clone(), who })
    }

    /// How many are in.
    pub(crate) fn inside(&self) -> u32 {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Inside<Who>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Who: Eq + Hash + Clone> Drop for Ticket<Who> {
    fn drop(&mut self) {
        let mut inside = self.doors.lock();
        inside.all -= 1;
        if let Some(of_each) = inside.each.get_mut(&self.who) {
            *of_each -= 1;
            if *of_each == 0 {
                inside.each.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_all_and_each() {
        let doors = Doors::new(NonZeroU32::new(3).unwrap(), NonZeroU32::new(2).unwrap());
        let a = (doors.enter("a").ok().unwrap(), doors.enter("a").ok().unwrap());
        assert_eq!(doors.enter("a").err(), Some(Shut::Enough));
        let b = doors.enter("b");
        assert_eq!(doors.enter("c").err(), Some(Shut::Full));
        drop((a, b));
        assert!(doors.lock().all == 0 && doors.lock().each.is_empty());
    }
}
