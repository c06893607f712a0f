//! Intervals and rates of the tasks that look after connected clients.

use std::num::NonZeroU32;
use std::time::Duration;

use service::env::{self, Environment};

/// Intervals and rates. All but the first are constants that tests shorten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Background {
    /// `SNAPSHOTS_PER_SECOND`: number of users per second whose states are read again after Redis was unreachable
    /// (default 200).
    pub snapshots_per_second: NonZeroU32,
    /// Interval at which the sessions of open websockets are checked.
    pub revalidate_interval: Duration,
    /// Interval at which queue positions are sent.
    pub positions_interval: Duration,
    /// Interval at which states that clients missed are looked for.
    pub missed_interval: Duration,
    /// Maximum time that an event takes from its commit to the sockets. A state older than this counts as missed.
    pub delivery_time: Duration,
}

impl Background {
    /// Reads the variable above. Returns `None` if `env` has collected errors.
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

/// Parses a rate of at most one per millisecond, the timer's resolution.
fn per_second(text: &str) -> Result<NonZeroU32, String> {
    let number = env::number(text).ok().filter(|number: &NonZeroU32| number.get() <= 1_000);
    number.ok_or_else(|| "must be a whole number from 1 to 1000".to_owned())
}
