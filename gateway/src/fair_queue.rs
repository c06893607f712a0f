//! A queue for a scarce resource, such as CPU time, that serves clients in turn.
//!
//! Turns go round among networks, then among the smaller networks within them, then among clients: a client that sends
//! from a new address each time waits behind its own requests, not before those of others. When the queue is full, the
//! newest request of the network with the most requests is rejected.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::UserId;
use tokio::sync::oneshot;

use crate::error::ApiError;

/// Number of levels at which turns go round.
const LEVELS: usize = 3;

/// Maximum number of groups whose last turn is remembered.
const MAX_REMEMBERED: usize = 4_096;

/// Number of turns after which a group's last turn makes no difference.
const FORGOTTEN_AFTER: u64 = 1_024;

/// The groups that a client belongs to, from the largest to the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share([u128; LEVELS]);

impl Share {
    /// The share of an address: its /16, its /24 and itself for IPv4, its /32, /48 and /64 for IPv6.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        let (bits, prefixes) = match address.to_canonical() {
            IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), [112, 120, 128]),
            IpAddr::V6(address) => (address.to_bits(), [32, 48, 64]),
        };
        Self(prefixes.map(|prefix: u32| if prefix == 128 { bits } else { bits >> (128 - prefix) << (128 - prefix) }))
    }

    /// The share of an account.
    pub(crate) fn of_account(user: UserId) -> Self {
        Self([user.random_bits().into(); LEVELS])
    }
}

/// The queue is full, and its clients' shares are not larger than this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait")]
pub struct Busy;

impl From<Busy> for ApiError {
    fn from(busy: Busy) -> Self {
        Self::busy(busy)
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct FairQueue {
    max_waiting: usize,
    state: Arc<Mutex<State>>,
}

struct State {
    free: usize,
    turn: u64,
    waiting: Vec<Waiting>,
    last_turns: HashMap<(usize, u128), u64>,
}

struct Waiting {
    share: Share,
    grant: oneshot::Sender<Slot>,
}

impl FairQueue {
    /// Creates a queue for a resource that `slots` requests use at a time, while up to `max_waiting` others wait.
    pub(crate) fn new(slots: usize, max_waiting: usize) -> Self {
        let state = State { free: slots, turn: 0, waiting: Vec::new(), last_turns: HashMap::new() };
        Self { max_waiting, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for this client's turn.
    ///
    /// # Errors
    /// [`Busy`] if too many wait and this client, or its network, has the most of them.
    pub(crate) async fn acquire(&self, share: Share) -> Result<Slot, Busy> {
        let granted = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                state.record_turn(share);
                return Ok(Slot { queue: Some(self.clone()) });
            }
            let (grant, granted) = oneshot::channel();
            state.waiting.retain(|waiting| !waiting.grant.is_closed());
            state.waiting.push(Waiting { share, grant });
            if state.waiting.len() > self.max_waiting {
                state.reject_largest();
            }
            granted
        };
        granted.await.map_err(|_| Busy)
    }

    /// Passes a slot on to the next client.
    fn release(&self) {
        loop {
            let mut state = self.lock();
            let Some(next) = state.next() else {
                state.free += 1;
                return;
            };
            drop(state);
            let Err(mut unwanted) = next.grant.send(Slot { queue: Some(self.clone()) }) else { return };
            // The client has gone; dropping its slot must not pass it on a second time.
            unwanted.queue = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Removes the request whose groups have waited longest for a turn: the largest group decides first.
    fn next(&mut self) -> Option<Waiting> {
        let last_turns = |waiting: &Waiting| {
            let turn =
                |(level, group): (usize, &u128)| self.last_turns.get(&(level, *group)).copied().unwrap_or_default();
            let mut turns = [0; LEVELS];
            turns.iter_mut().zip(waiting.share.0.iter().enumerate()).for_each(|(last, group)| *last = turn(group));
            turns
        };
        let next = (0..self.waiting.len()).min_by_key(|index| self.waiting.get(*index).map(last_turns))?;
        let next = self.waiting.remove(next);
        self.record_turn(next.share);
        Some(next)
    }

    fn record_turn(&mut self, share: Share) {
        self.turn += 1;
        for group in share.0.into_iter().enumerate() {
            self.last_turns.insert(group, self.turn);
        }
        if self.last_turns.len() > MAX_REMEMBERED {
            let oldest = self.turn.saturating_sub(FORGOTTEN_AFTER);
            self.last_turns.retain(|_, turn| *turn > oldest);
        }
    }

    /// Removes the newest request of the largest group. Its client receives [`Busy`].
    fn reject_largest(&mut self) {
        let mut sizes: HashMap<(usize, u128), usize> = HashMap::new();
        for group in self.waiting.iter().flat_map(|waiting| waiting.share.0.into_iter().enumerate()) {
            *sizes.entry(group).or_default() += 1;
        }
        let size_of = |waiting: &Waiting| {
            let mut groups = waiting.share.0.into_iter().enumerate();
            [(); LEVELS].map(|()| groups.next().and_then(|group| sizes.get(&group)).copied().unwrap_or_default())
        };
        let largest =
            self.waiting.iter().enumerate().min_by_key(|(index, waiting)| Reverse((size_of(waiting), *index)));
        if let Some((index, _)) = largest {
            self.waiting.remove(index);
        }
    }
}

/// The right to use the resource until dropped.
pub(crate) struct Slot {
    queue: Option<FairQueue>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use futures::stream::{FuturesUnordered, StreamExt};

    fn share(address: &str) -> Share {
        Share::of_address(address.parse().unwrap())
    }

    /// Lets `addresses` wait in this order, and returns them in the order of their turns, without the rejected ones.
    async fn turns(max_waiting: usize, addresses: &[&'static str]) -> Vec<&'static str> {
        let queue = FairQueue::new(1, max_waiting);
        let held = queue.acquire(share("::")).await.unwrap();
        let waiting: FuturesUnordered<_> = addresses
            .iter()
            .map(|address| {
                let queue = queue.clone();
                async move { queue.acquire(share(address)).await.ok().map(|_slot| *address) }.boxed()
            })
            .collect();
        // Each has asked once before the slot is passed on.
        let mut waiting = waiting;
        let rejected: Vec<_> = std::iter::from_fn(|| waiting.next().now_or_never().flatten()).collect();
        drop(held);
        let served = waiting.filter_map(async |served| served).collect().await;
        assert!(rejected.iter().all(Option::is_none));
        served
    }

    #[tokio::test]
    async fn a_client_with_many_addresses_does_not_delay_others() {
        let order = turns(
            9,
            &["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:2:3::1", "2001:db8:2:4::1", "192.0.2.1", "198.51.100.1"],
        )
        .await;
        let of_flood = |address: &&str| address.starts_with("2001");
        assert_eq!(order.iter().position(|address| !of_flood(address)), Some(1), "{order:?}");
        assert_eq!(order.iter().rposition(|address| !of_flood(address)), Some(2), "{order:?}");
        // Within the flood, its networks take turns.
        assert_eq!(
            order.iter().filter(|address| of_flood(address)).take(2).collect::<Vec<_>>(),
            [&"2001:db8:1:1::1", &"2001:db8:2:3::1"]
        );
    }

    #[tokio::test]
    async fn a_full_queue_rejects_the_largest_group() {
        let flood = ["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1"];
        let order = turns(3, &[&flood[..], &["192.0.2.1", "198.51.100.1"]].concat()).await;
        assert_eq!(order, ["2001:db8:1:1::1", "192.0.2.1", "198.51.100.1"]);
        assert_eq!(turns(3, &[&["192.0.2.1"][..], &flood].concat()).await, ["192.0.2.1", flood[0], flood[1]]);
    }

    #[tokio::test]
    async fn a_slot_whose_client_has_gone_passes_on() {
        let queue = FairQueue::new(1, 9);
        let held = queue.acquire(share("::")).await.unwrap();
        let mut gone = Box::pin(queue.acquire(share("::1")));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(held);
        drop(gone);
        let again = queue.acquire(share("::2")).now_or_never();
        assert!(again.is_some_and(|slot| slot.is_ok()));
    }

    #[test]
    fn an_account_is_a_group_of_its_own() {
        let account: UserId = entity::id::new_id();
        assert_eq!(Share::of_account(account), Share::of_account(account));
        assert_ne!(Share::of_account(account), Share::of_account(entity::id::new_id()));
        assert_eq!(share("2001:db8:1:2:3::"), share("2001:db8:1:2:4::"));
        assert_eq!(share("::ffff:192.0.2.1"), share("192.0.2.1"));
    }
}
