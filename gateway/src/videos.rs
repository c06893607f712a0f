//! Jobs and their videos: creating, following and downloading them.
//!
//! Every job and video belongs to a user. Another user's is answered like one that does not exist.

pub(crate) mod actions;
pub(crate) mod attempts;
pub(crate) mod batches;
pub(crate) mod choice;
pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod file_links;
pub(crate) mod idempotency;
pub(crate) mod list;
pub(crate) mod models;
pub(crate) mod quota;
mod range;
pub(crate) mod read;
pub(crate) mod shares;

pub(crate) use actions::{publish_cancelled, publish_requeued, restart, run_to_completion};
pub(crate) use list::JobSearch;
pub(crate) use read::views;
