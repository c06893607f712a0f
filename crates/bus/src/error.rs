//! What can go wrong between this process and Redis.

/// A command that did not succeed. Whether it took effect is unknown unless Redis itself refused it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis answered with an error, or the connection failed.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// No connection was to be had.
    #[error("no connection to Redis: {0}")]
    Pool(#[from] deadpool_redis::PoolError),
    /// The pool could not be built.
    #[error("no pool of Redis connections: {0}")]
    Build(#[from] deadpool_redis::BuildError),
    /// Redis holds something that is not ours under one of our keys.
    #[error("Redis answered {what} with something unexpected: {answer}")]
    Unexpected {
        /// What was asked.
        what: &'static str,
        /// What came.
        answer: String,
    },
}

impl Error {
    /// Whether the stream's group is gone: the server was emptied under a reader.
    #[must_use]
    pub fn is_missing_group(&self) -> bool {
        matches!(self, Self::Redis(error) if matches!(error.code(), Some("NOGROUP" | "UNBLOCKED")))
    }
}
