//! What clients say on the websocket, and how much of it.

use std::collections::HashMap;
use std::time::Duration;

use entity::JobId;
use serde::Deserialize;

/// A message of a client.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum ClientMessage {
    /// Always first.
    Hello(Hello),
    /// Answers ours.
    Heartbeat,
    /// To follow a job that is another's.
    Watch {
        /// Which, as the client names it.
        job: String,
    },
    /// No longer to follow it.
    Unwatch {
        /// Which, as the client names it.
        job: String,
    },
    /// To go on under a newer sign-in of the same user.
    Refresh {
        /// The newer session's token.
        token: String,
    },
    /// Of another version.
    #[serde(other)]
    Unknown,
}

/// How a client introduces itself.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Hello {
    /// A program's session, where no cookie or header says it.
    pub(crate) token: Option<String>,
    /// The `seq` of each job that the client has.
    #[serde(default)]
    pub(crate) known: HashMap<JobId, i64>,
}

/// Counts a client's messages: at most so many in each period.
pub(crate) struct CommandRate {
    period: Duration,
    left: u32,
    since: Duration,
}

impl CommandRate {
    /// Most messages in a period.
    const MAX_COMMANDS: u32 = 10;

    /// Nothing counted yet.
    pub(crate) fn new(period: Duration) -> Self {
        Self { period, left: Self::MAX_COMMANDS, since: Duration::ZERO }
    }

    /// Counts a message at `now`, measured from any fixed instant; false when it is one too many.
    pub(crate) fn allows(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= self.period {
            (self.left, self.since) = (Self::MAX_COMMANDS, now);
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn is_read_as_published() {
        let message = |text| serde_json::from_str::<ClientMessage>(text).ok();
        assert_eq!(message(r#"{"type":"hello"}"#), Some(ClientMessage::Hello(Hello::default())));
        assert_eq!(message(r#"{"type":"heartbeat"}"#), Some(ClientMessage::Heartbeat));
        assert_eq!(
            message(r#"{"type":"watch","job":"x","grant":"y"}"#),
            Some(ClientMessage::Watch { job: "x".into() })
        );
        assert_eq!(message(r#"{"type":"unwatch","job":"x"}"#), Some(ClientMessage::Unwatch { job: "x".into() }));
        assert_eq!(message(r#"{"type":"refresh","token":"t"}"#), Some(ClientMessage::Refresh { token: "t".into() }));
        assert_eq!(message(r#"{"type":"of the future","job":7}"#), Some(ClientMessage::Unknown));
        let known = r#"{"type":"hello","token":"t","known":{"00000000-0000-0000-0000-0000000000b2":7}}"#;
        let hello = Hello { token: Some("t".into()), known: HashMap::from([(Uuid::from_u128(0xB2).into(), 7)]) };
        assert_eq!(message(known), Some(ClientMessage::Hello(hello)));
        for wrong in ["", "{}", "[]", "hello", r#"{"type":"hello","known":{"x":1}}"#, r#"{"type":"hello","known":[]}"#]
        {
            assert_eq!(message(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn is_counted_by_periods() {
        let mut rate = CommandRate::new(Duration::from_secs(1));
        assert!((0..10).all(|_| rate.allows(Duration::from_millis(1))));
        assert!(!rate.allows(Duration::from_millis(999)));
        assert!(rate.allows(Duration::from_millis(1_001)));
    }
}
