//! Intervals for background tasks.

use std::time::Duration;

use tokio::time::{self, Instant, Interval, MissedTickBehavior};

/// Ticks immediately and then every `period`. A late tick delays the following ones, so ticks never come in a burst.
#[must_use]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Like [`interval`], with the first tick at `start`.
#[must_use]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    let mut interval = time::interval_at(start, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
