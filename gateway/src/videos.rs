//! Jobs and what came of them: asking for a video, following it, fetching it.
//!
//! Everything belongs to a user; what belongs to another one is answered as if it did not exist.

mod attempts;
mod content;
mod create;
mod idempotency;
mod list;
mod models;
mod owner;
mod path;
mod range;
mod read;

pub(crate) use attempts::attempts;
pub(crate) use content::content;
pub(crate) use create::create;
pub(crate) use list::list;
pub(crate) use models::{ORIENTATIONS, models};
pub(crate) use owner::{cancel, delete, fetch, retry};
pub(crate) use read::{read_job, read_video, views};
