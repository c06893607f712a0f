//! The scenarios, one file each.

mod idle;
mod latency;
mod outage;
mod relay;
mod restart;
mod stalled;

pub(crate) use idle::idle;
pub(crate) use latency::latency;
pub(crate) use outage::outage;
pub(crate) use relay::relay;
pub(crate) use restart::restart;
pub(crate) use stalled::stalled;
