//! Jobs and what came of them: asking for a video, following it, fetching it.
//!
//! Everything belongs to a user; what belongs to another one is answered as if it did not exist.

mod actions;
mod attempts;
mod content;
mod create;
mod idempotency;
mod list;
mod models;
pub(crate) mod quota;
mod range;
mod read;
mod shares;

pub(crate) use actions::{cancel, delete, fetch, publish_cancelled, restart, retry};
pub(crate) use attempts::{Attempts, attempts};
pub(crate) use content::{content, poster};
pub(crate) use create::{Accepted, create};
pub(crate) use list::{JobPage, filter, list};
pub(crate) use models::{Defaults, Model, Models, models};
pub(crate) use read::{read_job, read_video, views};
pub(crate) use shares::{Share, SharedVideo, share, shared, shared_content, shared_poster, unshare};
