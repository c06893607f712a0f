//! Which workers are alive, which jobs each of them holds, and what happens to the jobs of one that died.

pub(crate) mod heartbeat;
pub(crate) mod in_flight;
mod lease_watch;
pub(crate) mod reaper;
pub(crate) mod worker_session;
