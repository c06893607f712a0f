//! Messages from clients, and their rate limit.

use std::collections::HashMap;
use std::time::Duration;

use entity::JobId;
use serde::Deserialize;

/// A message from a client.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum ClientMessage {
    /// The first message.
    Hello(Hello),
    /// Answers the gateway's heartbeat.
    Heartbeat,
    /// Follows another user's job.
    Watch {
        /// The job's id, as sent.
        job: String,
    },
    /// Stops following it.
    Unwatch {
        /// The job's id, as sent.
        job: String,
    },
    /// Continues under a newer session of the same user.
    Refresh {
        /// Token of the newer session.
        token: String,
    },
    /// A message of another protocol version; ignored.
    #[serde(other)]
    Unknown,
}

/// The content of `hello`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Hello {
    /// Session token, for programs that send neither cookie nor header.
    pub(crate) token: Option<String>,
    /// The `seq` of each job that the client has.
    #[serde(default)]
    pub(crate) known: HashMap<JobId, i64>,
}

/// Maximum number of messages in a period.
pub(crate) const MAX_COMMANDS: u32 = 10;

/// Limits a client's messages per period.
pub(crate) struct CommandRate {
    period: Duration,
    left: u32,
    since: Duration,
}

impl CommandRate {
    /// Starts with an empty count.
    pub(crate) fn new(period: Duration) -> Self {
        Self { period, left: MAX_COMMANDS, since: Duration::ZERO }
    }

    /// Counts a message at `now`, measured from any fixed instant. Returns whether it is within the limit.
    pub(crate) fn allows(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= self.period {
            (self.left, self.since) = (MAX_COMMANDS, now);
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
    fn parses_the_documented_messages() {
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
    fn limits_messages_per_period() {
        let mut rate = CommandRate::new(Duration::from_secs(1));
        assert!((0..10).all(|_| rate.allows(Duration::from_millis(1))));
        assert!(!rate.allows(Duration::from_millis(999)));
        assert!(rate.allows(Duration::from_millis(1_001)));
    }
}
