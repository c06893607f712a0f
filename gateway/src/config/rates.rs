//! Rate limits.

use service::env::{self, Environment};

/// Maximum requests per time; 0 = unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// `READS_PER_MINUTE`: read requests of one user, counted by each gateway for itself (default 1200).
    pub reads: u32,
    /// `WRITES_PER_MINUTE`: state-changing requests of one user (default 300).
    pub writes: u32,
    /// `SIGN_INS_PER_ACCOUNT`: sign-in attempts to one account from one address per ten minutes (default 10).
    pub sign_ins_per_account: u32,
    /// `SIGN_INS_PER_ADDRESS`: sign-in attempts from one address per ten minutes (default 100).
    pub sign_ins_per_address: u32,
}

impl Rates {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        let reads = env.or("READS_PER_MINUTE", "1200", env::number);
        let writes = env.or("WRITES_PER_MINUTE", "300", env::number);
        let sign_ins_per_account = env.or("SIGN_INS_PER_ACCOUNT", "10", env::number);
        let sign_ins_per_address = env.or("SIGN_INS_PER_ADDRESS", "100", env::number);
        Some(Self {
            reads: reads?,
            writes: writes?,
            sign_ins_per_account: sign_ins_per_account?,
            sign_ins_per_address: sign_ins_per_address?,
        })
    }
}
