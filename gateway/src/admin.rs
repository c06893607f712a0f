//! `/api/admin`: steering the platform. Open to administrators' sessions alone; everybody else gets 403, since that these
//! calls exist is no secret.
//!
//! Here alone stands what the upstream said in its own words. Whatever changes something goes on record in the audit log.

pub(crate) mod audit;
pub(crate) mod jobs;
pub(crate) mod queue;
pub(crate) mod statistics;
pub(crate) mod users;
