//! Errors of Redis commands.

/// Why a command failed. Unless Redis refused it, whether it took effect is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis refused the command, or the connection failed.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// No connection could be made.
    #[error("no connection to Redis: {0}")]
    Pool(#[from] deadpool_redis::PoolError),
    /// The connection pool could not be created.
    #[error("could not create the pool of Redis connections: {0}")]
    Build(#[from] deadpool_redis::BuildError),
    /// Redis did not answer in time.
    #[error("Redis did not answer in time: {0}")]
    Timeout(&'static str),
    /// Redis closed a subscription.
    #[error("Redis closed the subscription")]
    Closed,
}

impl Error {
    /// Whether the consumer group does not exist: Redis lost its data while a consumer was reading.
    #[must_use]
    pub fn is_missing_group(&self) -> bool {
        matches!(self, Self::Redis(error) if matches!(error.code(), Some("NOGROUP" | "UNBLOCKED")))
    }
}
