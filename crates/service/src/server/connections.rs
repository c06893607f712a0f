//! The open connections of a server: how many there are, and which one to close when there are too many.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::body::BodyWait;

/// Returns the unit that limits count: an IPv4 address, or the network address of an IPv6 /64, which usually belongs to one
/// customer.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The open connections.
#[derive(Clone)]
pub(super) struct Connections {
    max: usize,
    max_per_address: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    next_id: u64,
    open: HashMap<u64, Open>,
    per_address: HashMap<IpAddr, usize>,
}

struct Open {
    /// `None` if the address has no limit.
    address: Option<IpAddr>,
    activity: Activity,
}

impl Connections {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max: limits.connections,
            max_per_address: limits.connections_per_address,
            table: Arc::new(Mutex::new(Table::default())),
        }
    }

    /// Counts a connection from `address`, and closes the idlest one if a limit is reached. Returns `None` if none of those
    /// within the limit can be closed.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Option<Admission> {
        let mut table = self.lock();
        let of_address = address.and_then(|address| table.per_address.get(&address)).copied().unwrap_or_default();
        if of_address >= self.max_per_address {
            table.evict(1, |open| open.address == address);
        } else if table.open.len() >= self.max {
            table.evict(1, |_| true);
        }
        let of_address = address.and_then(|address| table.per_address.get(&address)).copied().unwrap_or_default();
        if of_address >= self.max_per_address || table.open.len() >= self.max {
            return None;
        }
        let activity = Activity::new();
        let id = table.add(Open { address, activity: activity.clone() });
        drop(table);
        Some(Admission { connections: self.clone(), id, activity })
    }

    /// Closes up to `count` connections, the idlest first. Returns how many.
    pub(super) fn evict(&self, count: usize) -> usize {
        self.lock().evict(count, |_| true)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn add(&mut self, open: Open) -> u64 {
        if let Some(address) = open.address {
            *self.per_address.entry(address).or_default() += 1;
        }
        self.next_id += 1;
        self.open.insert(self.next_id, open);
        self.next_id
    }

    fn remove(&mut self, id: u64) -> Option<Open> {
        let open = self.open.remove(&id)?;
        if let Some(address) = open.address
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        Some(open)
    }

    /// Closes the idlest connections that match. Those that wait for the server, not for their client, are spared.
    fn evict(&mut self, count: usize, matches: impl Fn(&Open) -> bool) -> usize {
        let candidates = self.open.iter().filter(|(_, open)| matches(open) && !open.activity.waits_for_server());
        let mut idlest: Vec<_> = candidates.map(|(id, open)| (open.activity.last_progress(), *id)).collect();
        if count < idlest.len() {
            idlest.select_nth_unstable(count);
            idlest.truncate(count);
        }
        let evicted = idlest.into_iter().filter_map(|(_, id)| self.remove(id));
        let evicted = evicted.map(|open| open.activity.0.evicted.cancel()).count();
        counter!("sora_http_connections_evicted_total").increment(evicted as u64);
        evicted
    }
}

/// Counts a connection until dropped.
pub(super) struct Admission {
    connections: Connections,
    id: u64,
    activity: Activity,
}

impl Admission {
    pub(super) fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Completes when the connection has to make room for another one.
    pub(super) async fn evicted(&self) {
        self.activity.0.evicted.cancelled().await;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

/// What a connection does, as far as the choice of the idlest one needs it.
#[derive(Clone)]
pub(super) struct Activity(Arc<State>);

struct State {
    start: Instant,
    /// Microseconds from `start` to the last byte received or sent.
    progress: AtomicU64,
    handling: AtomicBool,
    body_wait: BodyWait,
    evicted: CancellationToken,
}

impl Activity {
    fn new() -> Self {
        Self(Arc::new(State {
            start: Instant::now(),
            progress: AtomicU64::new(0),
            handling: AtomicBool::new(false),
            body_wait: BodyWait::default(),
            evicted: CancellationToken::new(),
        }))
    }

    /// Records that bytes were received or sent.
    pub(super) fn record_progress(&self) {
        let elapsed = u64::try_from(self.0.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.progress.store(elapsed, Ordering::Relaxed);
    }

    /// Marks a request as being handled, until the returned value is dropped.
    pub(super) fn start_handling(&self) -> Handling {
        self.0.handling.store(true, Ordering::Relaxed);
        Handling(self.clone())
    }

    /// Whether the connection has to make room for another one.
    pub(super) fn is_evicted(&self) -> bool {
        self.0.evicted.is_cancelled()
    }

    /// Tells whether the request that is being handled waits for its body.
    pub(super) fn body_wait(&self) -> &BodyWait {
        &self.0.body_wait
    }

    /// Whether a request is being handled, and not because its client has yet to send the body.
    fn waits_for_server(&self) -> bool {
        self.0.handling.load(Ordering::Relaxed) && !self.0.body_wait.is_waiting()
    }

    fn last_progress(&self) -> Instant {
        self.0.start + Duration::from_micros(self.0.progress.load(Ordering::Relaxed))
    }
}

/// See [`Activity::start_handling`].
pub(super) struct Handling(Activity);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.0.handling.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(connections: usize, connections_per_address: usize) -> Connections {
        let (head, stall) = (Duration::ZERO, Duration::ZERO);
        Connections::new(&Limits { connections, connections_per_address, exempt: Arc::new(|_| false), head, stall })
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(network(text.parse().unwrap()))
    }

    #[test]
    fn an_address_at_its_limit_loses_its_own_idlest_connection() {
        let connections = connections(3, 2);
        let (other, first, second) = (
            connections.admit(address("::1")),
            connections.admit(address("10.0.0.1")),
            connections.admit(address("10.0.0.1")),
        );
        first.as_ref().unwrap().activity.record_progress();
        let third = connections.admit(address("::ffff:10.0.0.1"));
        let evicted = |admission: &Option<Admission>| admission.as_ref().unwrap().activity.is_evicted();
        assert_eq!([&other, &first, &second, &third].map(evicted), [false, false, true, false]);
        drop((other, first, second, third));
        assert!(connections.lock().open.is_empty() && connections.lock().per_address.is_empty());
    }

    #[test]
    fn spares_connections_whose_request_is_being_handled() {
        let connections = connections(2, 2);
        let held: Vec<_> = (0..2).filter_map(|_| connections.admit(address("10.0.0.1"))).collect();
        let handling: Vec<_> = held.iter().map(|admission| admission.activity().start_handling()).collect();
        assert!(connections.admit(address("10.0.0.2")).is_none());
        assert_eq!(connections.evict(9), 0);
        drop(handling);
        assert!(connections.admit(address("10.0.0.2")).is_some());
    }

    #[test]
    fn closes_a_connection_whose_request_waits_for_its_body() {
        let connections = connections(2, 2);
        let held: Vec<_> = (0..2).filter_map(|_| connections.admit(address("10.0.0.1"))).collect();
        let _handling: Vec<_> = held.iter().map(|admission| admission.activity().start_handling()).collect();
        held[1].activity.body_wait().set(true);
        assert!(connections.admit(address("10.0.0.2")).is_some());
        assert_eq!(held.iter().map(|admission| admission.activity.is_evicted()).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn the_total_holds_for_exempt_addresses_too() {
        let connections = connections(2, 1);
        let held: Vec<_> = (0..3).filter_map(|_| connections.admit(None)).collect();
        let evicted: Vec<_> = held.iter().map(|admission| admission.activity.is_evicted()).collect();
        assert_eq!(evicted, [true, false, false]);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        assert_eq!(address("2001:db8:1:2:3:4:5:6"), address("2001:db8:1:2::"));
        assert_eq!(address("::ffff:203.0.113.7"), Some("203.0.113.7".parse().unwrap()));
    }
}
