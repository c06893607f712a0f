//! Why a video could not be fetched.

use std::io;

use url::Url;

use crate::kind::Kind;
use crate::source::MAX_REDIRECTS;

/// Why a video could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address may not be dialled.
    #[error("the address {0} is not on the public network and not allowed by SORA_FETCH_ALLOW")]
    Forbidden(String),
    /// Too many redirects.
    #[error("more than {MAX_REDIRECTS} redirects")]
    Redirects,
    /// A redirect or an address without a usable target.
    #[error("a redirect without a usable target")]
    Location,
    /// The server answered with an error.
    #[error("HTTP status {0}")]
    Status(u16),
    /// The content is not a video.
    #[error("the content is not a video but {0}")]
    NotVideo(Kind),
    /// The content is an HLS playlist at this address: see [`Fetcher::playlist`].
    #[error("the content is an HLS playlist")]
    Playlist(Url),
    /// A playlist that cannot be used.
    #[error("the HLS playlist {0}")]
    BadPlaylist(&'static str),
    /// The file is larger than allowed.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// The file is shorter than announced.
    #[error("broke off after {got} of {announced} bytes")]
    Truncated {
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The file is incomplete.
    #[error("the file is incomplete: {0}")]
    Incomplete(#[from] Incomplete),
    /// The connection failed.
    #[error("the connection failed")]
    Transport(#[source] reqwest::Error),
    /// A body could not be decoded, or a file could not be written.
    #[error("cannot read or write the content")]
    Io(#[source] io::Error),
}

/// Why a file is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// It ends in the middle.
    #[error("it ends in the middle")]
    Cut,
    /// An MP4 without its index.
    #[error("the moov box is missing")]
    NoIndex,
    /// It contains no media data.
    #[error("it contains no media data")]
    NoMedia,
    /// Its structure is invalid.
    #[error("its structure is damaged")]
    Damaged,
}

impl From<reqwest::Error> for Error {
    /// Removes the address, which may contain a signature. The error is logged.
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }
}

impl From<io::Error> for Error {
    /// Unwraps an error of this crate that has passed through a decoder.
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}
