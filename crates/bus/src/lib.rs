//! The Redis contract: where jobs wait, who has them in hand, and how their progress is told. The only user of Redis.
//!
//! The database is the truth and this is the nervous system: everything here can be lost at any instant and is made
//! again from the rows. All keys share one hash tag, so that one slot of a cluster can hold them, and one prefix
//! (`REDIS_NAMESPACE`, default `{sora}:v1`):
//!
//! | key | type | holds |
//! |---|---|---|
//! | `:jobs` | stream, group `processors` | admitted jobs, ready or in hand; left only by `XACK` and `XDEL` together |
//! | `:backlog` | sorted set | jobs that wait their turn, by fair tag |
//! | `:tags` | sorted set | each flow's last tag |
//! | `:clock` | string | virtual time: the tag admitted last; never goes back |
//! | `:where` | hash | job → `place|flow`; place is `b` (backlog) or an entry's id. An index, not a truth |
//! | `:limits` | hash | `cap`, `paused`, `target`; absent means that Redis has lost its data, and nothing is admitted |
//! | `:rate:…` | strings that expire | counters of what somebody did within a window |
//! | `:events`, `:control` | channels | progress for browsers; word between processes |
//!
//! **Fair queueing** (start-time fair queueing): a new job's tag is `max(clock, its flow's last tag) + 1`. The *pump*
//! pops the lowest tag, moves the clock up to it and adds the job to the stream, while fewer than `target` entries are
//! undelivered and the stream is shorter than `cap`. As settled entries are deleted, the stream's length is the number
//! of jobs in flight everywhere.
//!
//! Every change of these structures is one script in `scripts/`, bounded, safe to repeat, and at home in a Redis that
//! has just lost its stream, its group or its script cache.

mod consumer;
mod control;
mod error;
mod event;
mod keys;
mod queue;
mod rate;
mod script;
mod subscriber;

use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, Runtime};
use redis::AsyncConnectionConfig;

pub use consumer::{Consumer, Delivery, Reclaimed};
pub use control::Control;
pub use error::Error;
pub use event::{Event, MalformedEvent};
pub use keys::Keys;
pub use queue::{Enqueued, Flow, Limits, Position};
pub use rate::Count;
pub use subscriber::{Message, Subscriber};

/// How long a command may take. Scripts are bounded, so that a healthy server answers within milliseconds.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long connecting, and waiting for a free connection, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections for commands; blocking and subscribed ones are apart.
const POOL: usize = 16;

/// A process's access to the contract. Cheap to clone; connects when first used, and again after each loss.
#[derive(Clone)]
pub struct Bus {
    pool: Pool,
    client: redis::Client,
    keys: Keys,
}

impl Bus {
    /// Access to the Redis at `url` (`redis://[[USER]:PASSWORD@]HOST:PORT[/DB]`, or `rediss://` for TLS) under the key
    /// prefix `namespace`.
    ///
    /// Nothing is sent yet: Redis being away is no reason not to start.
    ///
    /// # Errors
    /// The address is malformed.
    pub fn new(url: &str, namespace: &str) -> Result<Self, Error> {
        service::tls::install_provider();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let pool = Pool::builder(Manager::new_with_config(url, config)?)
            .max_size(POOL)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(RESPONSE_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self { pool, client: redis::Client::open(url)?, keys: Keys::new(namespace) })
    }

    /// Asks Redis whether it is there.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(redis::cmd("PING").query_async(&mut self.connection().await?).await?)
    }

    /// Publishes an event outside of settling: progress, or a job's creation.
    ///
    /// # Errors
    /// Redis did not take it; the next event of the job carries its whole state again.
    pub async fn publish(&self, event: &Event) -> Result<(), Error> {
        self.send(&self.keys.events, &event.encode()).await
    }

    /// Sends word to all processes.
    ///
    /// # Errors
    /// Redis did not take it; whoever listens finds out from the database within seconds.
    pub async fn send_control(&self, control: &Control) -> Result<(), Error> {
        self.send(&self.keys.control, &control.encode()).await
    }

    /// The names of the keys in use.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    async fn send(&self, channel: &str, payload: &str) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        Ok(redis::cmd("PUBLISH").arg(channel).arg(payload).query_async::<()>(&mut connection).await?)
    }

    async fn connection(&self) -> Result<Connection, Error> {
        Ok(self.pool.get().await?)
    }
}
