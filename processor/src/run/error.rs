//! Why a run ended before its video was stored.

use std::time::Duration;

use entity::DbErr;
use sora::Failure;

use crate::liveness::in_flight::Signal;
use crate::metrics::DeferReason;
use crate::retry::RetryPolicy;

/// How long a job waits when the storage cannot be read or written, as a multiple of the base delay: 30 s by default.
const STORAGE_PAUSE_FACTOR: u32 = 15;

/// Why a run ended before its video was stored.
#[derive(Debug)]
pub(super) enum RunError {
    /// This worker no longer holds the job.
    NotHeld,
    /// Another worker should continue.
    HandOver,
    /// The job's owner cancelled it.
    Cancelled,
    /// The job has to wait this long, for a reason other than its own request. No budget is drawn.
    Deferred(DeferReason, Duration),
    /// The attempt or the download failed.
    Failed(Failure),
    /// The database rejected a statement.
    Database(DbErr),
}

impl RunError {
    /// The storage cannot be read or written for now.
    pub(super) fn storage_unavailable(policy: RetryPolicy) -> Self {
        Self::Deferred(DeferReason::Storage, policy.base_delay * STORAGE_PAUSE_FACTOR)
    }
}

impl From<Signal> for RunError {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Cancel => Self::Cancelled,
            Signal::HandOver => Self::HandOver,
            Signal::Abandon | Signal::Continue => Self::NotHeld,
        }
    }
}

impl From<DbErr> for RunError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
