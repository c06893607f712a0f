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
pub enum CoresError {
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

impl From<CoresError> for ApiError {
    fn from(error: CoresError) -> Self {
        Self::unavailable(error)
    }
}

/// The cores, as far as they are for one kind of work.
pub(crate) struct Cores {
    cores: Arc<Semaphore>,
    queue: Semaphore,
}

impl Cores {
    /// All of them.
    pub(crate) fn all() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)), queue: Semaphore::new(cores * QUEUE_PER_CORE) }
    }

    /// Does `work` when its turn comes.
    ///
    /// # Errors
    /// [`CoresError`], in practice [`CoresError::Busy`].
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CoresError> {
        let _place = self.queue.try_acquire()?;
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
        let cores = Cores { queue: Semaphore::new(1), ..Cores::all() };
        let place = cores.queue.try_acquire().unwrap();
        assert!(matches!(cores.compute(|| ()).await, Err(CoresError::Busy(_))));
        drop(place);
        cores.compute(|| ()).await.unwrap();
    }
}
