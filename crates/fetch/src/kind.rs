//! What content is if it is not a video.

use std::fmt;

/// Content that is not a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTML or XML.
    Page,
    /// JSON that names no video.
    Json,
    /// An image.
    Image,
    /// Sound without video.
    Audio,
    /// Nothing at all.
    Empty,
    /// A format that is not known.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page => "a page",
            Self::Json => "JSON that names no video",
            Self::Image => "an image",
            Self::Audio => "audio",
            Self::Empty => "empty",
            Self::Unknown => "in an unknown format",
        })
    }
}
