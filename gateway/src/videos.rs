//! Jobs and what came of them: asking for a video, following it, fetching it.
//!
//! Everything belongs to a user; what belongs to another one is answered as if it did not exist.

pub(crate) mod actions;
pub(crate) mod attempts;
pub(crate) mod content;
pub(crate) mod create;
mod idempotency;
pub(crate) mod list;
pub(crate) mod models;
pub(crate) mod quota;
mod range;
pub(crate) mod read;
pub(crate) mod shares;

pub(crate) use actions::{publish_cancelled, publish_requeued, restart, run_to_completion};
pub(crate) use list::JobSearch;
pub(crate) use read::views;
