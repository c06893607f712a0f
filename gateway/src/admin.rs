//! `/api/admin`: administration. Requires a session of an administrator; other users get 403, since the existence of these
//! endpoints is no secret.
//!
//! Only these endpoints expose the upstream's raw messages. Every change is written to the audit log.

mod admin_job;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod jobs;
pub(crate) mod pools;
pub(crate) mod queue;
pub(crate) mod statistics;
pub(crate) mod upstreams;
pub(crate) mod users;
