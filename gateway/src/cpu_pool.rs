//! Work that keeps a core busy: as many at a time as there are cores, with a short queue before them.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::{AcquireError, Semaphore, TryAcquireError};
use tokio::task::JoinError;

use crate::error::ApiError;

/// Computations under way or waiting, for each core; with more, callers are turned away.
const QUEUE_PER_CORE: usize = 8;

/// Why something was not computed.
#[derive(Debug, thiserror::Error)]
pub enum CpuPoolError {
    /// Too many at a time.
    #[error("too many computations wait already")]
    Busy(#[from] TryAcquireError),
    /// The gateway is going down.
    #[error("nothing is computed any more")]
    Closed(#[from] AcquireError),
    /// The computation panicked.
    #[error("a computation failed")]
    Failed(#[from] JoinError),
}

impl From<CpuPoolError> for ApiError {
    fn from(error: CpuPoolError) -> Self {
        Self::unavailable(error)
    }
}

/// The cores, as far as they are for one kind of work.
pub(crate) struct CpuPool {
    cores: Arc<Semaphore>,
    queue: Semaphore,
}

impl CpuPool {
    /// All of them.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)), queue: Semaphore::new(cores * QUEUE_PER_CORE) }
    }

    /// Does `work` when its turn comes.
    ///
    /// # Errors
    /// [`CpuPoolError`], in practice [`CpuPoolError::Busy`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CpuPoolError> {
        let _slot = self.queue.try_acquire()?;
        let permit = self.cores.clone().acquire_owned().await?;
        // The permit goes along: the work goes on when its caller is gone.
        let work = move || {
            let _permit = permit;
            work()
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_callers_away_when_the_queue_is_full() {
        let pool = CpuPool { queue: Semaphore::new(1), ..CpuPool::new() };
        let slot = pool.queue.try_acquire().unwrap();
        assert!(matches!(pool.run(|| ()).await, Err(CpuPoolError::Busy(_))));
        drop(slot);
        pool.run(|| ()).await.unwrap();
    }
}
