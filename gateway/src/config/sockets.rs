//! How many websockets a gateway serves, and how long their clients may take.

use std::num::NonZeroU32;
use std::time::Duration;

use service::env::{self, Environment};

/// Bounds of what websockets may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// `MAX_SOCKETS`: open at once in this process (default 10000). More are closed with 1013.
    pub max: NonZeroU32,
    /// `MAX_SOCKETS_PER_ADDRESS`: open at once from one address, or one IPv6 network of 64 bits (default: as many as in
    /// all, since behind a proxy everybody has the proxy's).
    pub max_per_address: NonZeroU32,
    /// `MAX_SOCKETS_PER_USER`: open at once for one user (default 8).
    pub max_per_user: NonZeroU32,
    /// No variables.
    pub timings: SocketTimings,
}

/// Constants of the protocol, not settings; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketTimings {
    /// A websocket's first message.
    pub hello: Duration,
    /// Between two heartbeats of a websocket.
    pub heartbeat: Duration,
    /// How many heartbeats in a row may go unanswered.
    pub max_missed: u32,
    /// In which a websocket's client may send ten messages.
    pub command_window: Duration,
    /// A websocket's client taking what is sent to it.
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
    /// Reads the variables above; `None` when `env` has noted mistakes.
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
