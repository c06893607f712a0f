//! Why a websocket ends.

use crate::http::connection_limit::LimitReached;
use crate::live::frame::Close;

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disconnect {
    /// The client disconnected.
    Lost,
    /// The gateway closes it.
    Close(Close),
}

impl From<Close> for Disconnect {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<LimitReached> for Close {
    fn from(reached: LimitReached) -> Self {
        match reached {
            LimitReached::Total => Self::Overloaded,
            LimitReached::PerClient => Self::TooMany,
        }
    }
}
