//! How many websockets a gateway serves.

use std::num::NonZeroU32;

use service::env::{self, Environment};

/// Bounds of what websockets may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// `MAX_SOCKETS`: open at once in this process (default 10000). More are closed with 1013.
    pub all: NonZeroU32,
    /// `MAX_SOCKETS_PER_ADDRESS`: open at once from one address, or one IPv6 network of 64 bits (default: as many as in
    /// all, since behind a proxy everybody has the proxy's).
    pub per_address: NonZeroU32,
    /// `MAX_SOCKETS_PER_USER`: open at once for one user (default 8).
    pub per_user: NonZeroU32,
    /// `SNAPSHOTS_PER_SECOND`: users a second whose states are read anew after Redis was away (default 200).
    pub snapshots_per_second: NonZeroU32,
}

impl Sockets {
    /// Reads the bounds; `None` when `env` has noted mistakes.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let all = env.or("MAX_SOCKETS", "10000", env::number);
        let per_address = env.optional("MAX_SOCKETS_PER_ADDRESS", env::number);
        let per_user = env.or("MAX_SOCKETS_PER_USER", "8", env::number);
        let snapshots_per_second = env.or("SNAPSHOTS_PER_SECOND", "200", a_second);
        Some(Self {
            all: all?,
            per_address: per_address.or(all)?,
            per_user: per_user?,
            snapshots_per_second: snapshots_per_second?,
        })
    }
}

/// More than one a millisecond would be all at once.
fn a_second(text: &str) -> Result<NonZeroU32, String> {
    let number = env::number(text).ok().filter(|number: &NonZeroU32| number.get() <= 1_000);
    number.ok_or_else(|| "must be a whole number from 1 to 1000".to_owned())
}
