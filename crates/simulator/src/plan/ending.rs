//! How a request ends.

use crate::http::connection::Disconnect;
use crate::http::injected_error::InjectedError;
use crate::percent::Percent;

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a video.
    Succeed,
    /// Reported as completed, but without a video.
    CompleteWithoutResult,
    /// Refused by the content policy at this percentage.
    Refuse(Percent),
    /// Failed at this percentage.
    Fail(Percent),
    /// Failed, with 100 % reported.
    FailAtHundred,
    /// With the status `expired`.
    Expire,
    /// With an error object: from this percentage on, or in place of the whole response.
    Error(&'static InjectedError, Option<Percent>),
    /// The connection breaks at this percentage.
    Disconnect(Disconnect, Percent),
    /// With a video, but the connection closes right after its URL.
    DisconnectAfterResult,
    /// The generation's id is unknown from this percentage on.
    ForgetId(Percent),
    /// Accepted, but the response is lost.
    DropResponse,
    /// Accepted, but no answer holds an id, a status or anything else that clients know.
    Unreadable,
    /// A stream of so many MiB of random bytes.
    Garbage(u64),
    /// An HTTP error.
    HttpError(&'static InjectedError),
    /// Not accepted: an error object in a stream, otherwise an HTTP error.
    Overloaded(&'static InjectedError),
}

impl Ending {
    /// The ending in `chat`: those that only a poll can observe succeed.
    pub(crate) fn in_chat(self) -> Self {
        match self {
            Self::ForgetId(_) | Self::Expire => Self::Succeed,
            other => other,
        }
    }

    /// The ending in `videos`: those that only a stream can have succeed.
    pub(crate) fn in_videos(self) -> Self {
        match self {
            Self::DisconnectAfterResult | Self::Garbage(_) => Self::Succeed,
            other => other,
        }
    }
}
