//! Looks inside stored videos: the size as played, the length, and a still for the poster. Joins HLS playlists.
//!
//! The files come from outside, so the programs that read them are confined ([`subprocess`]). Without `ffmpeg` and
//! `ffprobe` videos have no posters, and HLS playlists are not joined; nothing else changes.

mod ffmpeg;
mod hls;
mod inspector;
mod subprocess;

pub(crate) use inspector::{Error, Inspector};

/// The programs that read videos, by name or path.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Makes posters.
    pub ffmpeg: String,
    /// Reads size and length.
    pub ffprobe: String,
}
