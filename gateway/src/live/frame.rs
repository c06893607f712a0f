//! What is said on the websocket: the protocol `sora.v1`, JSON text in both directions.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Utf8Bytes};
use entity::JobId;
use entity::job::View;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The subprotocol's name.
pub(crate) const PROTOCOL: &str = "sora.v1";

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// 1012: the gateway restarts.
    Restart,
    /// 1013: the gateway cannot serve it right now.
    Overloaded,
    /// 4400: a message that is none.
    Malformed,
    /// 4401: no session, or it has ended.
    Unauthenticated,
    /// 4408: no `hello` in time.
    NoHello,
    /// 4410: heartbeats were not answered.
    HeartbeatMissed,
    /// 4413: does not take what is sent.
    TooSlow,
    /// 4429: too many sockets, or too many commands.
    TooMany,
}

impl Close {
    /// The close frame.
    pub(crate) fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Restart => (1012, "restart"),
            Self::Overloaded => (1013, "overloaded"),
            Self::Malformed => (4400, "malformed"),
            Self::Unauthenticated => (4401, "unauthenticated"),
            Self::NoHello => (4408, "no hello"),
            Self::HeartbeatMissed => (4410, "heartbeat missed"),
            Self::TooSlow => (4413, "too slow"),
            Self::TooMany => (4429, "too many"),
        };
        CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
    }
}

/// What a client says.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Said {
    /// Always first.
    Hello(Hello),
    /// Answers ours.
    Heartbeat,
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

/// What the gateway says, job frames apart: those come ready-made from the bus.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Frame<'a> {
    /// Answers `hello`.
    Welcome {
        /// Of the protocol.
        v: u8,
        /// Names the connection in logs.
        connection: Uuid,
        /// Seconds between heartbeats.
        heartbeat: u64,
        /// When the session ends, RFC 3339.
        expires_at: String,
    },
    /// The state of many jobs at once.
    Snapshot {
        /// Their states.
        jobs: &'a [View],
        /// Whether this is the snapshot's final frame.
        last: bool,
    },
    /// A place in line, which changes without `seq`.
    Position {
        /// The job.
        id: JobId,
        /// 1-based; null once admitted.
        queue_position: Option<u64>,
    },
    /// A job that is no more, or never was the client's.
    Gone {
        /// The job.
        id: JobId,
        /// Higher than that of any frame that may still be on its way.
        seq: i64,
    },
    /// To be answered.
    Heartbeat,
    /// The gateway goes down.
    Bye {
        /// The close code that follows.
        code: u16,
        /// Come back after this many milliseconds, from and to.
        retry_ms: [u64; 2],
    },
}

impl Frame<'_> {
    /// As it goes over the wire.
    pub(crate) fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// The farewell of a gateway with `sockets` of them: spread so that some 500 a second come back elsewhere.
    pub(crate) fn bye(sockets: usize) -> Self {
        let spread = u64::try_from(sockets).unwrap_or(u64::MAX).saturating_mul(2);
        Self::Bye { code: 1012, retry_ms: [500, 1_500_u64.saturating_add(spread)] }
    }
}

/// Counts a client's messages: at most so many in each second.
pub(crate) struct Meter {
    left: u32,
    since: Duration,
}

impl Meter {
    /// Most messages a second.
    const COMMANDS: u32 = 10;

    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self { left: Self::COMMANDS, since: Duration::ZERO }
    }

    /// Counts a message at `now`, measured from any fixed instant; false when it is one too many.
    pub(crate) fn allows(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Duration::from_secs(1) {
            *self = Self { left: Self::COMMANDS, since: now };
        }
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_frames_are_the_published_ones() {
        let id = Uuid::from_u128(0xB2);
        let welcome =
            Frame::Welcome { v: 1, connection: id, heartbeat: 25, expires_at: "2026-01-01T00:00:00.000Z".into() };
        for (frame, golden) in [
            (
                welcome,
                r#"{"type":"welcome","v":1,"connection":"00000000-0000-0000-0000-0000000000b2","heartbeat":25,"expiresAt":"2026-01-01T00:00:00.000Z"}"#,
            ),
            (Frame::Snapshot { jobs: &[], last: true }, r#"{"type":"snapshot","jobs":[],"last":true}"#),
            (
                Frame::Position { id: id.into(), queue_position: Some(3) },
                r#"{"type":"position","id":"00000000-0000-0000-0000-0000000000b2","queuePosition":3}"#,
            ),
            (
                Frame::Gone { id: id.into(), seq: bus::Event::GONE_SEQ },
                r#"{"type":"gone","id":"00000000-0000-0000-0000-0000000000b2","seq":9007199254740991}"#,
            ),
            (Frame::Heartbeat, r#"{"type":"heartbeat"}"#),
            (Frame::bye(100), r#"{"type":"bye","code":1012,"retryMs":[500,1700]}"#),
        ] {
            assert_eq!(frame.text().as_str(), golden);
        }
    }

    #[test]
    fn reads_what_clients_say() {
        let said = |text| serde_json::from_str::<Said>(text).ok();
        assert_eq!(said(r#"{"type":"hello"}"#), Some(Said::Hello(Hello::default())));
        assert_eq!(said(r#"{"type":"heartbeat"}"#), Some(Said::Heartbeat));
        assert_eq!(said(r#"{"type":"watch","job":"x"}"#), Some(Said::Unknown));
        let known = r#"{"type":"hello","token":"t","known":{"00000000-0000-0000-0000-0000000000b2":7}}"#;
        let hello = Hello { token: Some("t".into()), known: HashMap::from([(Uuid::from_u128(0xB2).into(), 7)]) };
        assert_eq!(said(known), Some(Said::Hello(hello)));
        for wrong in ["", "{}", "[]", "hello", r#"{"type":"hello","known":{"x":1}}"#, r#"{"type":"hello","known":[]}"#]
        {
            assert_eq!(said(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn counts_commands_by_the_second() {
        let mut meter = Meter::new();
        assert!((0..10).all(|_| meter.allows(Duration::from_millis(1))));
        assert!(!meter.allows(Duration::from_millis(999)));
        assert!(meter.allows(Duration::from_millis(1_001)));
    }
}
