//! Limits and timings of websockets.

use std::num::NonZeroU32;
use std::time::Duration;

use service::env::{self, Environment};

/// Limits and timings of websockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// `MAX_SOCKETS`: maximum open websockets of this process (default 10000). More are closed with 1013.
    pub max: NonZeroU32,
    /// `MAX_SOCKETS_PER_ADDRESS`: maximum open websockets per address or IPv6 /64 (default: `MAX_SOCKETS`, because behind
    /// an untrusted proxy all clients share the proxy's address).
    pub max_per_address: NonZeroU32,
    /// `MAX_SOCKETS_PER_USER`: maximum open websockets per user (default 8).
    pub max_per_user: NonZeroU32,
    /// Timings; not configurable.
    pub timings: SocketTimings,
}

/// Timings of the protocol. Constants that tests shorten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketTimings {
    /// Time for the first message, `hello`.
    pub hello: Duration,
    /// Interval between heartbeats.
    pub heartbeat: Duration,
    /// Number of heartbeats in a row that may go unanswered.
    pub max_missed: u32,
    /// Period in which a client may send ten messages.
    pub command_window: Duration,
    /// Time for a client to read what it is sent.
    pub flush: Duration,
}

impl Default for SocketTimings {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            heartbeat: Duration::from_secs(25),
            max_missed: 2,
            command_window: Duration::from_secs(1),
            flush: Duration::from_secs(10),
        }
    }
}

impl Sockets {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        let max = env.or("MAX_SOCKETS", "10000", env::number);
        let max_per_address = env.optional("MAX_SOCKETS_PER_ADDRESS", env::number);
        let max_per_user = env.or("MAX_SOCKETS_PER_USER", "8", env::number);
        Some(Self {
            max: max?,
            max_per_address: max_per_address.or(max)?,
            max_per_user: max_per_user?,
            timings: SocketTimings::default(),
        })
    }
}
