//! Limits per user.

use service::env::{self, Environment};

/// Limits per user; 0 = unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// `DAILY_SUBMISSIONS_PER_USER`: maximum submissions of one user per UTC day (default 0). The processor enforces it
    /// too.
    pub daily_submissions: u32,
    /// `MAX_WAITING_PER_USER`: maximum waiting jobs of one user (default 1000).
    pub max_waiting: u64,
    /// `STORAGE_QUOTA_PER_USER`: maximum bytes of one user's videos and images (default 0).
    pub storage_bytes: u64,
}

impl Quotas {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        let daily_submissions = env.or("DAILY_SUBMISSIONS_PER_USER", "0", env::number);
        let max_waiting = env.or("MAX_WAITING_PER_USER", "1000", env::number);
        let storage_bytes = env.or("STORAGE_QUOTA_PER_USER", "0", env::number);
        Some(Self { daily_submissions: daily_submissions?, max_waiting: max_waiting?, storage_bytes: storage_bytes? })
    }
}
