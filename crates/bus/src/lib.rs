//! The Redis contract: the queue of jobs, events, control messages and rate counters. The only crate that uses Redis.
//!
//! Redis is the transport; the database is the source of truth. Everything here can be lost at any moment and is rebuilt
//! from the rows. All keys share one prefix (`REDIS_NAMESPACE`, default `{sora}:v1`) with one hash tag, so that a cluster
//! keeps them in one slot. Each pool of upstreams has a queue of its own, whose keys end in `:POOL` unless the pool is `default`:
//!
//! | key | type | content |
//! |---|---|---|
//! | `:jobs` | stream, group `processors` | admitted jobs, undelivered or delivered; removed only by `XACK` and `XDEL` together |
//! | `:backlog` | sorted set | jobs that wait for admission, by fair tag |
//! | `:tags` | sorted set | the last tag of each flow |
//! | `:clock` | string | virtual time: the last admitted tag; never decreases |
//! | `:where` | hash | job → `location\|flow`; the location is `b` (backlog) or an entry's id. An index only: the structures above decide |
//! | `:limits` | hash | `cap`, `paused`, `target`, `version`; if absent, Redis has lost its data, and nothing is admitted |
//! | `:places` | hash | job → the upstream at which it has a place |
//! | `:used` | hash | upstream → number of its places in use |
//! | `:recency` | string | the database with which the processors worked last, and its number, by which an older copy is noticed |
//! | `:check` | string that expires | written to check that Redis accepts writes |
//! | `:rate:…` | strings that expire | events counted within a window |
//! | `:events`, `:control` | channels | job states for browsers; messages between processes |
//!
//! **Fair queueing** (start-time fair queueing): a new job's tag is `max(clock, last tag of its flow) + 1`. Admission pops
//! the lowest tag, advances the clock to it and adds the job to the stream, while fewer than `target` entries are
//! undelivered and the stream is shorter than `cap`. Acknowledged entries are deleted, so the stream's length is the number
//! of the pool's jobs in flight in all processors.
//!
//! Every change of these structures is one script in `scripts/`: bounded, safe to repeat, and able to run in a Redis that
//! has just lost its stream, its consumer group or its script cache.
//!
//! All functions return [`Error`] if Redis does not answer or refuses the command. A command that was not answered may have
//! taken effect; all but [`Bus::count`] can be repeated safely.

mod connections;
mod consumer;
mod control;
mod delivery;
mod error;
mod event;
mod flow;
mod keys;
mod limits;
mod places;
mod queue;
mod queues;
mod rate;
mod recency;
mod request;
mod script;
mod subscriber;

use std::time::Duration;

use deadpool::managed::Pool;
use tokio::time::timeout;

use crate::connections::Connector;

pub use consumer::{Consumer, Reclaimed};
pub use control::Control;
pub use delivery::Delivery;
pub use error::Error;
pub use event::{Event, MalformedEvent};
pub use flow::Flow;
pub use keys::{DEFAULT_POOL, Keys, QueueKeys};
pub use limits::Limits;
pub use places::PlaceOffer;
pub use queue::{Enqueued, MAX_ENQUEUED, Position, Queue, Submitted};
pub use queues::Queues;
pub use rate::Count;
pub use recency::Recency;
pub use subscriber::{Message, Subscriber};

/// Seconds until the key that [`Bus::check`] writes expires.
const CHECK_EXPIRY: u32 = 10;

/// A client of the contract. Cheap to clone; connects on first use and reconnects after each loss.
#[derive(Clone)]
pub struct Bus {
    pool: Pool<Connector>,
    keys: Keys,
}

impl Bus {
    /// A client of the Redis at `url` (`redis://[[USER]:PASSWORD@]HOST:PORT[/DB]`, or `rediss://` for TLS) under the key
    /// prefix `namespace`. It sends nothing yet, so a process starts even if Redis is down.
    ///
    /// # Errors
    /// The address is malformed.
    pub fn new(url: &str, namespace: &str) -> Result<Self, Error> {
        service::tls::install_provider();
        Ok(Self { pool: Connector::pool(url)?, keys: Keys::new(namespace) })
    }

    /// Checks that Redis accepts writes. A replica answers questions, and so does a server that is out of memory.
    pub async fn check(&self) -> Result<(), Error> {
        self.send(redis::cmd("SET").arg(&self.keys.check).arg(1).arg("EX").arg(CHECK_EXPIRY)).await
    }

    /// Why Redis cannot be used, in a word for operators; `None` if it accepts writes.
    pub async fn fault(&self, within: Duration) -> Option<&'static str> {
        match timeout(within, self.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.reason()),
            Err(_) => Some("unreachable"),
        }
    }

    /// Whether Redis deletes keys when its memory is full: it has a limit, and its policy is not `noeviction`. `false` if it does
    /// not say.
    pub async fn evicts(&self, within: Duration) -> bool {
        let asked = timeout(within, self.send::<String>(redis::cmd("INFO").arg("memory"))).await;
        asked.is_ok_and(|answer| answer.is_ok_and(|info| has_eviction(&info)))
    }

    /// Publishes an event. If it is lost, the job's next event carries the whole state again.
    pub async fn publish(&self, event: &Event) -> Result<(), Error> {
        self.publish_to(&self.keys.events, &event.encode()).await
    }

    /// Sends a message to all processes. If it is lost, they find out from the database within seconds.
    pub async fn send_control(&self, control: &Control) -> Result<(), Error> {
        self.publish_to(&self.keys.control, &control.encode()).await
    }

    /// The names of the keys in use.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    async fn publish_to(&self, channel: &str, payload: &str) -> Result<(), Error> {
        self.send(redis::cmd("PUBLISH").arg(channel).arg(payload)).await
    }

    fn connector(&self) -> &Connector {
        self.pool.manager()
    }
}

/// Whether the answer to `INFO memory` names a limit and a policy other than `noeviction`.
fn has_eviction(info: &str) -> bool {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let is_limited = field("maxmemory").is_some_and(|limit| limit != "0");
    is_limited && field("maxmemory_policy").is_some_and(|policy| policy != "noeviction")
}

#[cfg(test)]
mod tests {
    use super::has_eviction;

    #[test]
    fn only_a_limit_with_another_policy_evicts() {
        let info = |limit, policy| {
            format!("# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_human:1K\r\nmaxmemory_policy:{policy}\r\n")
        };
        for policy in ["allkeys-lru", "allkeys-random", "volatile-lru"] {
            assert!(has_eviction(&info(1024, policy)));
            assert!(!has_eviction(&info(0, policy)), "without a limit nothing is evicted");
        }
        assert!(!has_eviction(&info(1024, "noeviction")));
        assert!(!has_eviction(""), "a server that does not say");
    }
}
