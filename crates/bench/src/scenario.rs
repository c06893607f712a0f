//! The scenarios, one file each.

mod floods;
mod idle;
mod jobs;
mod latency;
mod outage;
mod peers;
mod queue;
mod relay;
mod requests;
mod restart;
mod stalled;
mod startup;

use bus::Event;
use serde_json::Value;
use uuid::Uuid;

pub(crate) use floods::floods;
pub(crate) use idle::idle;
pub(crate) use jobs::jobs;
pub(crate) use latency::latency;
pub(crate) use outage::outage;
pub(crate) use peers::peers;
pub(crate) use queue::queue;
pub(crate) use relay::relay;
pub(crate) use requests::requests;
pub(crate) use restart::restart;
pub(crate) use stalled::stalled;
pub(crate) use startup::startup;

/// The event of a job that is in no database, with any frame.
fn event(user: Uuid, job: Uuid, seq: i64, frame: &Value) -> Event {
    Event { seq, frame: frame.to_string(), ..Event::gone(user.into(), job.into()) }
}
