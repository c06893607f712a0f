//! `/api/admin`: steering the platform. Open to administrators' sessions alone; everybody else gets 403, since that these
//! calls exist is no secret.
//!
//! Here alone stands what the upstream said in its own words. Whatever changes something goes on record in the audit log.

mod audit;
mod jobs;
mod queue;
mod statistics;
mod users;

pub(crate) use audit::{AuditPage, audit};
pub(crate) use jobs::{AdminAttempt, AdminJob, AdminJobDetails, AdminJobPage, jobs, read_job, retry_job};
pub(crate) use queue::{Queue, change_queue, queue};
pub(crate) use statistics::{Statistics, Worker, statistics};
pub(crate) use users::{AdminUser, AdminUserPage, change_user, users};
