//! Connections to the Redis primary, and giving up those that lead elsewhere.
//!
//! After a failover the address leads to another server, while connections opened before may stay open: to a replica, which
//! refuses writes, or to a server that nobody else uses any more. Therefore
//!
//! - a connection is used only if its server is a primary, which is checked when it is opened and at most every two seconds;
//! - all connections of a process belong to one generation. The first that is refused or lost ends it, and every connection
//!   is opened anew: those for commands, for blocking reads and for subscriptions;
//! - a connection whose server does not answer in time is given up alone: the server may only be busy;
//! - a connection is given up after a minute.
//!
//! Commands share connections: a connection of the pool is taken only for as long as it takes to check it, so that what is sent
//! at the same time goes out together. Blocking reads and subscriptions have connections of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Pool, QueueMode, RecycleError, RecycleResult};
use deadpool_redis::{Manager, Runtime};
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, ServerErrorKind, Value};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::Error;

/// Maximum duration of a command. Scripts are bounded, so a healthy server answers within milliseconds.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum time to connect, and to wait for a free connection of the pool.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a read waits for new entries before it returns none.
pub(crate) const BLOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections for commands. One carries them all, except while it is being checked or replaced.
const POOL_SIZE: usize = 4;

/// How long the check that a connection's server is a primary counts. Asking before each command would double the number of
/// round trips.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// When a connection is given up although it works: its server may have been replaced without knowing.
const MAX_AGE: Duration = Duration::from_secs(60);

/// An open connection. Its clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) connection: MultiplexedConnection,
    generation: u64,
    opened: Instant,
    checked: Instant,
    given_up: Arc<AtomicBool>,
}

impl Link {
    /// Gives up the connection, for all who share it.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

/// Opens connections, and knows which generation is current.
pub(crate) struct Connector {
    commands: Manager,
    reads: Manager,
    subscriptions: Client,
    generation: watch::Sender<u64>,
}

impl Connector {
    /// A pool of connections to the Redis at `url`; its manager opens the other connections too.
    pub(crate) fn pool(url: &str) -> Result<Pool<Self>, Error> {
        let manager = |response: Duration| {
            let config = AsyncConnectionConfig::new();
            let config = config.set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(Some(response));
            Manager::new_with_config(url, config)
        };
        let connector = Self {
            commands: manager(RESPONSE_TIMEOUT)?,
            reads: manager(BLOCK_TIMEOUT + RESPONSE_TIMEOUT)?,
            subscriptions: Client::open(url)?,
            generation: watch::Sender::new(0),
        };
        let pool = Pool::builder(connector)
            .max_size(POOL_SIZE)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .runtime(Runtime::Tokio1);
        Ok(pool.build()?)
    }

    /// Opens a connection for blocking reads, which may take longer than any command.
    pub(crate) async fn open_reader(&self) -> Result<Link, Error> {
        self.open(&self.reads).await
    }

    /// Opens a connection for subscriptions. It is of no use any more once the returned receiver reports a change.
    pub(crate) async fn open_subscriber(&self) -> Result<(PubSub, watch::Receiver<u64>), Error> {
        let generation = self.generation.subscribe();
        let opened = timeout(CONNECT_TIMEOUT, self.subscriptions.get_async_pubsub()).await;
        Ok((opened.map_err(|_| Error::Timeout("connecting"))??, generation))
    }

    /// Whether a connection can still be used.
    pub(crate) fn is_current(&self, link: &Link) -> bool {
        link.generation == *self.generation.borrow()
            && link.opened.elapsed() < MAX_AGE
            && !link.given_up.load(Ordering::Relaxed)
    }

    /// Ends the generation of a connection if the error says that it is of no use any more.
    pub(crate) fn report(&self, link: &Link, error: &Error) {
        if !(error.was_refused() || error.is_disconnect() || matches!(error, Error::Replica)) {
            return;
        }
        let generation = link.generation;
        let ended = self.generation.send_if_modified(|current| {
            let is_current = *current == generation;
            *current += u64::from(is_current);
            is_current
        });
        if ended {
            tracing::warn!(%error, "a connection to Redis is of no use; opening all of them anew");
        }
    }

    async fn open(&self, manager: &Manager) -> Result<Link, Error> {
        let generation = *self.generation.borrow();
        let mut connection = managed::Manager::create(manager).await?;
        require_primary(&mut connection).await?;
        let now = Instant::now();
        Ok(Link { connection, generation, opened: now, checked: now, given_up: Arc::default() })
    }
}

impl managed::Manager for Connector {
    type Type = Link;
    type Error = Error;

    async fn create(&self) -> Result<Link, Error> {
        self.open(&self.commands).await
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<Error> {
        if !self.is_current(link) {
            return Err(RecycleError::message("outdated"));
        }
        if link.checked.elapsed() >= CHECK_INTERVAL {
            let checked = require_primary(&mut link.connection).await;
            checked.inspect_err(|error| self.report(link, error))?;
            link.checked = Instant::now();
        }
        Ok(())
    }
}

/// Requires that the server of a connection is a primary. One that does not say counts as a primary: access rules can forbid
/// the question, and proxies may not know it.
async fn require_primary(connection: &mut MultiplexedConnection) -> Result<(), Error> {
    match redis::cmd("ROLE").query_async::<Value>(connection).await {
        Ok(Value::Array(role)) if role.first().is_some_and(is_replica) => Err(Error::Replica),
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError) => Ok(()),
            _ => Err(error.into()),
        },
    }
}

fn is_replica(role: &Value) -> bool {
    String::from_redis_value_ref(role).is_ok_and(|role| role == "slave")
}
