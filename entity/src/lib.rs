//! The database: one module per table, with its queries and its guarded state transitions.
//!
//! The database is the source of truth. A job's status is written only by the transitions in [`job`], conditional updates
//! that report whether they applied. Times that SQL compares are `BIGINT` milliseconds since the epoch, taken from the
//! database's own clock ([`clock`]), so that machines need not agree on the time.
//!
//! All functions return [`DbErr`] if the database does not answer or refuses a statement. Functions that change several rows
//! do so in one transaction. A change that was refused has not happened; one that was not answered may have.

pub mod account;
pub mod api_key;
pub mod attempt;
pub mod attempt_result;
pub mod audit;
pub mod budget;
pub mod charge;
pub mod clock;
pub mod cost;
pub mod database;
pub mod id;
pub mod idempotency_key;
pub mod image;
pub mod job;
pub mod limits;
pub mod paused_pool;
pub mod recency;
pub mod restore;
mod rows;
pub mod schema;
mod search;
pub mod session;
pub mod setup;
pub mod share;
pub mod spending;
pub mod statistics;
pub mod storage_id;
pub mod submission;
pub mod upstream_activity;
pub mod upstream_control;
pub mod upstream_state;
pub mod user;
pub mod video;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod webhook_event;
pub mod worker;
pub mod writability;

pub use id::{
    ApiKeyId, AttemptId, AuditEntryId, ImageId, JobId, SessionId, ShareId, UserId, VideoId, WebhookDeliveryId,
    WebhookEndpointId, WebhookEventId, WorkerId,
};
pub use sea_orm::{DatabaseConnection, DbErr};
