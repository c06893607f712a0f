//! Bounds how much runs at a time: in this process, and for each client (an address, a user).

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

struct InUse<Client> {
    total: u32,
    per_client: HashMap<Client, u32>,
}

/// Hands out permits, up to a total and up to a number per client.
#[derive(Clone)]
pub(crate) struct ConnectionLimit<Client: Eq + Hash + Clone> {
    max: NonZeroU32,
    max_per_client: NonZeroU32,
    in_use: Arc<Mutex<InUse<Client>>>,
}

/// Counts against the limit until dropped.
pub(crate) struct Permit<Client: Eq + Hash + Clone> {
    limit: ConnectionLimit<Client>,
    client: Client,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitReached {
    /// The total.
    #[error("too many in progress")]
    Total,
    /// The client's.
    #[error("too many in progress for this client")]
    PerClient,
}

impl<Client: Eq + Hash + Clone> ConnectionLimit<Client> {
    /// Allows `max` permits in total, of which one client may hold `max_per_client`.
    pub(crate) fn new(max: NonZeroU32, max_per_client: NonZeroU32) -> Self {
        Self { max, max_per_client, in_use: Arc::new(Mutex::new(InUse { total: 0, per_client: HashMap::new() })) }
    }

    /// Takes a permit for `client` if both limits allow it.
    pub(crate) fn acquire(&self, client: Client) -> Result<Permit<Client>, LimitReached> {
        let mut in_use = self.lock();
        if in_use.total >= self.max.get() {
            return Err(LimitReached::Total);
        }
        let of_client = in_use.per_client.entry(client.clone()).or_default();
        if *of_client >= self.max_per_client.get() {
            return Err(LimitReached::PerClient);
        }
        *of_client += 1;
        in_use.total += 1;
        Ok(Permit { limit: self.clone(), client })
    }

    /// Number of permits in use.
    pub(crate) fn in_use(&self) -> u32 {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, InUse<Client>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Client: Eq + Hash + Clone> Drop for Permit<Client> {
    fn drop(&mut self) {
        let mut in_use = self.limit.lock();
        in_use.total -= 1;
        if let Some(of_client) = in_use.per_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                in_use.per_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_the_total_and_each_client() {
        let limit = ConnectionLimit::new(NonZeroU32::new(3).unwrap(), NonZeroU32::new(2).unwrap());
        let a = (limit.acquire("a").ok().unwrap(), limit.acquire("a").ok().unwrap());
        assert_eq!(limit.acquire("a").err(), Some(LimitReached::PerClient));
        let b = limit.acquire("b");
        assert_eq!(limit.acquire("c").err(), Some(LimitReached::Total));
        drop((a, b));
        assert!(limit.lock().total == 0 && limit.lock().per_client.is_empty());
    }
}
