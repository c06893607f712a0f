//! Runs CPU-bound work on as many threads as there are cores, and lets clients take turns.

use std::thread::available_parallelism;

use tokio::task::JoinError;

use crate::error::ApiError;
use crate::fair_queue::{Busy, FairQueue, Share};

/// Maximum number of queued tasks per core; more are rejected.
const QUEUE_PER_CORE: usize = 16;

/// Why a task did not run.
#[derive(Debug, thiserror::Error)]
pub enum CpuPoolError {
    /// The queue is full.
    #[error("the CPU queue is full")]
    Busy(#[from] Busy),
    /// The task panicked.
    #[error("a CPU-bound task panicked")]
    Failed(#[from] JoinError),
}

impl From<CpuPoolError> for ApiError {
    fn from(error: CpuPoolError) -> Self {
        match error {
            CpuPoolError::Busy(busy) => busy.into(),
            CpuPoolError::Failed(_) => Self::unavailable(error),
        }
    }
}

/// A pool for one kind of work.
pub(crate) struct CpuPool {
    cores: FairQueue,
}

impl CpuPool {
    /// Creates a pool with one thread per core.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { cores: FairQueue::new(cores, cores * QUEUE_PER_CORE) }
    }

    /// Runs `work` once it is the turn of the client with this `share`.
    ///
    /// # Errors
    /// [`CpuPoolError::Busy`] if the queue is full.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        share: Share,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CpuPoolError> {
        let slot = self.cores.acquire(share).await?;
        // The closure owns the slot: work goes on when its caller is dropped.
        let work = move || {
            let _slot = slot;
            work()
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }
}
