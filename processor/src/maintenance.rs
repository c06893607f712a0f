//! Background tasks that repair and clean up. Each is safe to run in every processor at once, so none needs a leader.

pub(crate) mod housekeeping;
mod posters;
pub(crate) mod reconciler;
pub(crate) mod upstream_cancel;

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Ticks after about `first`, varied so that processors started together do not work at the same time, then every
/// `period`.
fn jittered_interval(first: Duration, period: Duration) -> Interval {
    let first = first.mul_f64(rand::random_range(0.8..1.2));
    let mut interval = interval_at(Instant::now() + first, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
