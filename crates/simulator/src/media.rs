//! The generated videos and how they are downloaded.

pub(crate) mod clip;
mod companion;
mod delivery;
mod file;
pub(crate) mod handlers;
mod mp4;
mod range;
pub(crate) mod store;
pub(crate) mod video;
