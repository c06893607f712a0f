//! Word between processes that should not wait for the next look at the database. Losing it costs seconds only.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message on the control channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Control {
    /// A session was ended: its sockets close, its cached answer is forgotten.
    SessionRevoked {
        /// The session.
        session: Uuid,
    },
    /// A user's account, role or password was changed: whoever knows of its sessions asks the database again.
    UserChanged {
        /// Whose.
        user: Uuid,
    },
    /// A job's owner wants it cancelled: the worker that has it in hand lets go.
    CancelRequested {
        /// The job.
        job: Uuid,
    },
    /// A subscriber asks itself whether it still hears.
    Probe {
        /// The subscriber's own mark.
        mark: Uuid,
    },
}

impl Control {
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `None` for a kind that this version does not know.
    pub(crate) fn decode(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_wire_form_is_the_published_one() {
        let revoked = Control::SessionRevoked { session: Uuid::from_u128(0xC3) };
        let golden = r#"{"type":"sessionRevoked","session":"00000000-0000-0000-0000-0000000000c3"}"#;
        assert_eq!(revoked.encode(), golden);
        assert_eq!(Control::decode(golden), Some(revoked));
        let changed = Control::UserChanged { user: Uuid::from_u128(0xA1) };
        assert_eq!(changed.encode(), r#"{"type":"userChanged","user":"00000000-0000-0000-0000-0000000000a1"}"#);
        assert_eq!(Control::decode(r#"{"type":"of the future"}"#), None);
    }
}
