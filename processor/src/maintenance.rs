//! Background tasks that repair and clean up. Each is safe to run in every processor at once, so none needs a leader.

mod clock_watch;
pub(crate) mod housekeeping;
mod posters;
pub(crate) mod recency;
pub(crate) mod reconciler;
mod spritesheets;
pub(crate) mod upstream_cancel;

use std::time::Duration;

use service::time::interval_at;
use tokio::time::{Instant, Interval};

/// Ticks after about `first`, varied so that processors started together do not work at the same time, then every
/// `period`.
fn jittered_interval(first: Duration, period: Duration) -> Interval {
    let first = first.mul_f64(rand::random_range(0.8..1.2));
    interval_at(Instant::now() + first, period)
}
