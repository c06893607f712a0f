//! A limited number of slots for work that takes long, such as uploads.
//!
//! When all are taken, a client that holds several loses its oldest to one that holds fewer, so that slow clients cannot
//! keep all others out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::UserId;
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::LimitReached;

/// Seconds until a client that lost its slot may try again.
const RETRY_AFTER: u64 = 2;

/// See the module.
#[derive(Clone)]
pub(crate) struct FairSlots {
    max: usize,
    max_per_user: usize,
    held: Arc<Mutex<Vec<Held>>>,
}

struct Held {
    user: UserId,
    address: ClientAddress,
    lost: CancellationToken,
}

impl FairSlots {
    /// Allows `max` slots in total, of which one user may hold `max_per_user`.
    pub(crate) fn new(max: usize, max_per_user: usize) -> Self {
        Self { max, max_per_user, held: Arc::default() }
    }

    /// Takes a slot, from a client that holds more if all are taken.
    pub(crate) fn acquire(&self, user: UserId, address: ClientAddress) -> Result<Slot, LimitReached> {
        let mut held = self.lock();
        let of_user = |user| held.iter().filter(|held| held.user == user).count();
        let of_address = |address| held.iter().filter(|held| held.address == address).count();
        let (own_user, own_address) = (of_user(user), of_address(address));
        if own_user >= self.max_per_user {
            return Err(LimitReached::PerClient);
        }
        if held.len() >= self.max {
            let sizes = held.iter().map(|held| (of_address(held.address), of_user(held.user)));
            // The first of the largest is the oldest.
            let largest = sizes.enumerate().rev().max_by_key(|(_, sizes)| *sizes);
            let larger = largest.filter(|(_, (address, user))| *address > own_address + 1 || *user > own_user + 1);
            let (index, _) = larger.ok_or(LimitReached::Total)?;
            held.remove(index).lost.cancel();
        }
        let lost = CancellationToken::new();
        held.push(Held { user, address, lost: lost.clone() });
        drop(held);
        Ok(Slot { slots: self.clone(), lost })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts against the limits until dropped.
pub(crate) struct Slot {
    slots: FairSlots,
    /// Identifies the slot among those held.
    lost: CancellationToken,
}

impl Slot {
    /// Reads a body, unless another client takes the slot meanwhile.
    ///
    /// # Errors
    /// Those of `reading`, or [`ApiError::RateLimited`] if the slot is lost.
    pub(crate) async fn read<T>(&self, reading: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            read = reading => read,
            () = self.lost.cancelled() => Err(ApiError::RateLimited(RETRY_AFTER)),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Cancelling marks it; no other slot shares its token.
        self.lost.cancel();
        self.slots.lock().retain(|held| !held.lost.is_cancelled());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;

    fn address(number: u8) -> ClientAddress {
        ClientAddress::from(std::net::IpAddr::from([192, 0, 2, number]))
    }

    #[test]
    fn a_user_with_several_slots_loses_the_oldest_to_one_with_none() {
        let (slots, greedy, other) = (FairSlots::new(4, 3), new_id(), new_id());
        let held: Vec<_> = (0..3).map(|_| slots.acquire(greedy, address(1)).ok().unwrap()).collect();
        assert_eq!(slots.acquire(greedy, address(1)).err(), Some(LimitReached::PerClient));
        let first = slots.acquire(other, address(2)).ok().unwrap();
        let second = slots.acquire(new_id(), address(3)).ok().unwrap();
        let lost: Vec<_> = held.iter().map(|slot| slot.lost.is_cancelled()).collect();
        assert_eq!((lost, first.lost.is_cancelled()), (vec![true, false, false], false));
        drop((held, first, second));
        assert!(slots.lock().is_empty());
    }

    #[test]
    fn many_accounts_at_one_address_lose_to_another_address() {
        let slots = FairSlots::new(3, 3);
        let held: Vec<_> = (0..3).map(|_| slots.acquire(new_id(), address(1)).ok().unwrap()).collect();
        let one = slots.acquire(new_id(), address(2)).ok().unwrap();
        assert_eq!(slots.acquire(new_id(), address(2)).err(), Some(LimitReached::Total));
        assert_eq!(held.iter().filter(|slot| slot.lost.is_cancelled()).count(), 1);
        assert!(!one.lost.is_cancelled());
    }
}
