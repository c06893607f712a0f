//! Why a websocket ends.

use crate::http::connection_limit::Shut;
use crate::live::frame::Close;

/// Why nothing more is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The client is gone.
    Lost,
    /// We send it away.
    Close(Close),
}

impl From<Close> for Over {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<Shut> for Close {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Full => Self::Overloaded,
            Shut::Enough => Self::TooMany,
        }
    }
}
