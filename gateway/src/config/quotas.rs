//! How much one user may have.

use service::env::{self, Environment};

/// How much one user may have; 0 = without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// `DAILY_SUBMISSIONS_PER_USER`: most submissions of one user in a UTC day, the processor's too; 0 (default) = no cap.
    pub daily_submissions: u32,
    /// `MAX_WAITING_PER_USER`: jobs of one user that may wait at a time (default 1000); 0 = without a limit.
    pub max_waiting: u64,
    /// `STORAGE_QUOTA_PER_USER`: bytes that one user's videos and images may take; 0 (default) = without a limit.
    pub storage_bytes: u64,
}

impl Quotas {
    /// Reads the variables above; `None` when `env` has noted mistakes.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        let daily_submissions = env.or("DAILY_SUBMISSIONS_PER_USER", "0", env::number);
        let max_waiting = env.or("MAX_WAITING_PER_USER", "1000", env::number);
        let storage_bytes = env.or("STORAGE_QUOTA_PER_USER", "0", env::number);
        Some(Self { daily_submissions: daily_submissions?, max_waiting: max_waiting?, storage_bytes: storage_bytes? })
    }
}
