//! Control messages: changes that other processes should learn of before they next read the database. A lost message
//! delays its effect by seconds.

use entity::{ApiKeyId, JobId, SessionId, UserId, VideoId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message on the control channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Control {
    /// A session was revoked: gateways close its sockets and drop it from their caches.
    SessionRevoked {
        /// The session.
        session: SessionId,
    },
    /// An API key was revoked: gateways close its sockets.
    KeyRevoked {
        /// The key.
        key: ApiKeyId,
    },
    /// A user's account, role or password was changed: gateways validate the user's sessions again.
    UserChanged {
        /// The user.
        user: UserId,
    },
    /// A job's owner cancelled it: the worker that holds it stops.
    CancelRequested {
        /// The job.
        job: JobId,
    },
    /// Someone asked for the spritesheet of a video: a processor makes it.
    SpritesheetRequested {
        /// The video.
        video: VideoId,
    },
    /// Sent by a subscriber to itself, to check that the subscription works.
    Probe {
        /// Identifies the subscriber.
        mark: Uuid,
    },
}

impl Control {
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Parses a message; `None` if this version does not know its type.
    pub(crate) fn decode(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_match_golden_json() {
        let revoked = Control::SessionRevoked { session: Uuid::from_u128(0xC3).into() };
        let golden = r#"{"type":"sessionRevoked","session":"00000000-0000-0000-0000-0000000000c3"}"#;
        assert_eq!(revoked.encode(), golden);
        assert_eq!(Control::decode(golden), Some(revoked));
        let changed = Control::UserChanged { user: Uuid::from_u128(0xA1).into() };
        assert_eq!(changed.encode(), r#"{"type":"userChanged","user":"00000000-0000-0000-0000-0000000000a1"}"#);
        let sheet = Control::SpritesheetRequested { video: Uuid::from_u128(0xD2).into() };
        let golden = r#"{"type":"spritesheetRequested","video":"00000000-0000-0000-0000-0000000000d2"}"#;
        assert_eq!((sheet.encode(), Control::decode(golden)), (golden.to_owned(), Some(sheet)));
    }

    #[test]
    fn ignores_types_of_newer_versions() {
        assert_eq!(Control::decode(r#"{"type":"rebooted"}"#), None);
    }
}
