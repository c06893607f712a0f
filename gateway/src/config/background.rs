//! How often the gateway checks what its connected clients have, and how fast.

use std::num::NonZeroU32;
use std::time::Duration;

use service::env::{self, Environment};

/// The pace of the background tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Background {
    /// `SNAPSHOTS_PER_SECOND`: users a second whose states are read anew after Redis was away (default 200).
    pub snapshots_per_second: NonZeroU32,
    /// Between two looks at the sessions of open websockets. This and the following are constants; tests shorten them.
    pub revalidate_interval: Duration,
    /// Between two looks at the places in line of waiting jobs.
    pub positions_interval: Duration,
    /// Between two looks whether a connected client was not sent something.
    pub missed_interval: Duration,
    /// What an event takes at most from its commit to the sockets.
    pub delivery_time: Duration,
}

impl Background {
    /// Reads the variable above; `None` when `env` has noted mistakes.
    pub(super) fn read(env: &mut Environment<'_>) -> Option<Self> {
        Some(Self {
            snapshots_per_second: env.or("SNAPSHOTS_PER_SECOND", "200", per_second)?,
            revalidate_interval: Duration::from_secs(10),
            positions_interval: Duration::from_secs(2),
            missed_interval: Duration::from_secs(60),
            delivery_time: Duration::from_secs(1),
        })
    }
}

/// More than one a millisecond would be all at once.
fn per_second(text: &str) -> Result<NonZeroU32, String> {
    let number = env::number(text).ok().filter(|number: &NonZeroU32| number.get() <= 1_000);
    number.ok_or_else(|| "must be a whole number from 1 to 1000".to_owned())
}
