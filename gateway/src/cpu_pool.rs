//! Runs CPU-bound work on as many threads as there are cores, with a short queue.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::{AcquireError, Semaphore, TryAcquireError};
use tokio::task::JoinError;

use crate::error::ApiError;

/// Maximum number of running and queued tasks per core; more are rejected.
const QUEUE_PER_CORE: usize = 8;

/// Why a task did not run.
#[derive(Debug, thiserror::Error)]
pub enum CpuPoolError {
    /// The queue is full.
    #[error("the CPU queue is full")]
    Busy(#[from] TryAcquireError),
    /// The gateway is shutting down.
    #[error("the CPU pool is closed")]
    Closed(#[from] AcquireError),
    /// The task panicked.
    #[error("a CPU-bound task panicked")]
    Failed(#[from] JoinError),
}

impl From<CpuPoolError> for ApiError {
    fn from(error: CpuPoolError) -> Self {
        Self::unavailable(error)
    }
}

/// A pool for one kind of work.
pub(crate) struct CpuPool {
    cores: Arc<Semaphore>,
    queue: Semaphore,
}

impl CpuPool {
    /// Creates a pool with one thread per core.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)), queue: Semaphore::new(cores * QUEUE_PER_CORE) }
    }

    /// Runs `work` once a core is free.
    ///
    /// # Errors
    /// [`CpuPoolError::Busy`] if the queue is full.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CpuPoolError> {
        let _slot = self.queue.try_acquire()?;
        let permit = self.cores.clone().acquire_owned().await?;
        // The closure owns the permit: work goes on when its caller is dropped.
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
    async fn rejects_work_when_the_queue_is_full() {
        let pool = CpuPool { queue: Semaphore::new(1), ..CpuPool::new() };
        let slot = pool.queue.try_acquire().unwrap();
        assert!(matches!(pool.run(|| ()).await, Err(CpuPoolError::Busy(_))));
        drop(slot);
        pool.run(|| ()).await.unwrap();
    }
}
