//! What the platform remembers: one module per table, with its scopes and its guarded transitions.
//!
//! The database is the truth and everything else follows it. The status of a job is written only by the transitions
//! in [`job`]: conditional updates that tell whether they won. Instants that SQL compares are `BIGINT` milliseconds
//! since the epoch, taken from the database's own clock ([`clock`]), so that no two machines have to agree on the time.

pub mod account;
pub mod api_key;
pub mod attempt;
pub mod attempt_result;
pub mod audit;
pub mod clock;
pub mod database;
pub mod id;
pub mod idempotency_key;
pub mod image;
pub mod job;
pub mod limits;
pub mod restore;
pub mod schema;
pub mod session;
pub mod setup;
pub mod share;
pub mod statistics;
pub mod submission;
pub mod upstream_state;
pub mod user;
pub mod video;
pub mod worker;

pub use id::{ApiKeyId, AttemptId, AuditEntryId, ImageId, JobId, SessionId, ShareId, UserId, VideoId, WorkerId};
pub use sea_orm::{DatabaseConnection, DbErr};
