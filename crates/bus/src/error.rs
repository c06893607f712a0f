//! Errors of Redis commands.

use deadpool::managed::{BuildError, PoolError};
use redis::{ErrorKind, ServerErrorKind};

/// Why a command failed. Unless Redis refused it, whether it took effect is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis refused the command, or the connection failed.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// The address leads to a replica, which cannot be written to.
    #[error("the Redis at this address is a replica")]
    Replica,
    /// The connection pool could not be created.
    #[error("could not create the pool of Redis connections: {0}")]
    Build(#[from] BuildError),
    /// The pool has no connection to give.
    #[error("no connection to Redis: {0}")]
    Pool(String),
    /// Redis did not answer in time.
    #[error("Redis did not answer in time: {0}")]
    Timeout(&'static str),
    /// Redis closed a subscription, or it is of no use any more.
    #[error("the subscription has ended")]
    Closed,
}

impl From<PoolError<Self>> for Error {
    fn from(error: PoolError<Self>) -> Self {
        match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => Self::Timeout("waiting for a connection"),
            other => Self::Pool(other.to_string()),
        }
    }
}

impl Error {
    /// Whether the consumer group does not exist: Redis lost its data while a consumer was reading.
    #[must_use]
    pub fn is_missing_group(&self) -> bool {
        matches!(self.code(), Some("NOGROUP" | "UNBLOCKED"))
    }

    /// Why Redis cannot be used, in a word for operators.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match (self, self.code()) {
            (Self::Replica, _) | (_, Some("READONLY")) => "replica",
            (_, Some("LOADING")) => "loading",
            (_, Some("OOM")) => "out of memory",
            (_, Some("MISCONF")) => "cannot save",
            (_, Some("NOREPLICAS")) => "no replicas",
            (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => "access denied",
            (Self::Redis(error), _) if error.kind() == ErrorKind::AuthenticationFailed => "access denied",
            (_, Some(_)) => "refused",
            _ => "unreachable",
        }
    }

    /// Whether the server refused the command because another one has to be asked, or this one later. It took no effect.
    pub(crate) fn was_refused(&self) -> bool {
        use ServerErrorKind::{Ask, BusyLoading, ClusterDown, ExecAbort, MasterDown, Moved, ReadOnly, TryAgain};
        let refused = [Ask, BusyLoading, ClusterDown, ExecAbort, MasterDown, Moved, ReadOnly, TryAgain];
        match self {
            Self::Redis(error) => match error.kind() {
                ErrorKind::Server(kind) => refused.contains(&kind),
                _ => matches!(error.code(), Some("NOREPLICAS" | "UNBLOCKED" | "UNKILLABLE")),
            },
            _ => false,
        }
    }

    /// Whether the connection was lost while the command was sent or answered.
    pub(crate) fn is_disconnect(&self) -> bool {
        matches!(self, Self::Redis(error) if error.is_unrecoverable_error() && !error.is_timeout())
    }

    /// Whether the server did not answer in time. It may be busy, or its connection may lead nowhere.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_)) || matches!(self, Self::Redis(error) if error.is_timeout())
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Redis(error) => error.code(),
            _ => None,
        }
    }
}
