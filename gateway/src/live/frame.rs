//! The frames that the gateway sends: protocol `sora.v1`, JSON text.

use axum::extract::ws::{CloseFrame, Utf8Bytes};
use entity::JobId;
use entity::job::View;
use serde::Serialize;
use uuid::Uuid;

/// The subprotocol's name.
pub(crate) const PROTOCOL: &str = "sora.v1";

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// 1012: the gateway restarts.
    Restart,
    /// 1013: the gateway cannot serve it at the moment.
    Overloaded,
    /// 4400: malformed message.
    Malformed,
    /// 4401: no session, or it has ended.
    Unauthenticated,
    /// 4403: not permitted.
    Forbidden,
    /// 4408: no `hello` in time.
    NoHello,
    /// 4410: heartbeats were not answered.
    HeartbeatMissed,
    /// 4413: the client reads too slowly.
    TooSlow,
    /// 4429: too many sockets, or too many commands.
    TooMany,
}

impl Close {
    /// Returns the close frame.
    pub(crate) fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Restart => (1012, "restart"),
            Self::Overloaded => (1013, "overloaded"),
            Self::Malformed => (4400, "malformed"),
            Self::Unauthenticated => (4401, "unauthenticated"),
            Self::Forbidden => (4403, "forbidden"),
            Self::NoHello => (4408, "no hello"),
            Self::HeartbeatMissed => (4410, "heartbeat missed"),
            Self::TooSlow => (4413, "too slow"),
            Self::TooMany => (4429, "too many"),
        };
        CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
    }
}

/// All frames except those of jobs, which the bus delivers complete.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Frame<'a> {
    /// Answers `hello` and `refresh`.
    Welcome {
        /// Version of the protocol.
        v: u8,
        /// Identifies the connection in logs.
        connection: Uuid,
        /// Seconds between heartbeats.
        heartbeat: u64,
        /// When the session ends, RFC 3339; null for API keys.
        expires_at: Option<String>,
    },
    /// The state of many jobs at once.
    Snapshot {
        /// Their states.
        jobs: &'a [View],
        /// Whether this is the snapshot's final frame.
        last: bool,
    },
    /// A queue position, which changes without `seq`.
    Position {
        /// The job.
        id: JobId,
        /// 1-based; null once admitted.
        queue_position: Option<u64>,
    },
    /// A job that was deleted or never was the client's.
    Gone {
        /// The job.
        id: JobId,
        /// Higher than the `seq` of any frame that may still arrive.
        seq: i64,
    },
    /// The client must answer.
    Heartbeat,
    /// The gateway shuts down.
    Bye {
        /// The close code that follows.
        code: u16,
        /// Reconnect after a random time in this range, in milliseconds.
        retry_ms: [u64; 2],
    },
    /// A command failed; the socket stays open.
    Error {
        /// Reason, for programs.
        code: &'static str,
        /// Whether the same command may succeed later.
        retry: bool,
        /// The job's id, as sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        job: Option<&'a str>,
    },
}

impl Frame<'_> {
    /// Returns the frame as JSON.
    pub(crate) fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// Returns a `bye` to a client that reconnects after `pause` milliseconds or up to a second later.
    pub(crate) fn bye(pause: u64) -> Self {
        Self::Bye { code: 1012, retry_ms: [pause, pause.saturating_add(1_000)] }
    }

    /// Returns the least time until a client reconnects, in milliseconds. Clients get different times by `turn`, so that
    /// about 500 reconnect per second.
    pub(crate) fn reconnect_pause(turn: u64) -> u64 {
        500_u64.saturating_add(turn.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_match_golden_json() {
        let id = Uuid::from_u128(0xB2);
        let welcome =
            Frame::Welcome { v: 1, connection: id, heartbeat: 25, expires_at: Some("2026-01-01T00:00:00.000Z".into()) };
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
            (Frame::bye(Frame::reconnect_pause(0)), r#"{"type":"bye","code":1012,"retryMs":[500,1500]}"#),
            (Frame::bye(Frame::reconnect_pause(100)), r#"{"type":"bye","code":1012,"retryMs":[700,1700]}"#),
            (
                Frame::Error { code: "not_found", retry: false, job: Some("x") },
                r#"{"type":"error","code":"not_found","retry":false,"job":"x"}"#,
            ),
            (
                Frame::Error { code: "unavailable", retry: true, job: None },
                r#"{"type":"error","code":"unavailable","retry":true}"#,
            ),
        ] {
            assert_eq!(frame.text().as_str(), golden);
        }
    }

    #[test]
    fn close_codes_match_the_protocol() {
        let all = [
            (Close::Restart, 1012),
            (Close::Overloaded, 1013),
            (Close::Malformed, 4400),
            (Close::Unauthenticated, 4401),
            (Close::Forbidden, 4403),
            (Close::NoHello, 4408),
            (Close::HeartbeatMissed, 4410),
            (Close::TooSlow, 4413),
            (Close::TooMany, 4429),
        ];
        for (close, code) in all {
            assert_eq!(close.frame().code, code);
        }
    }

    #[test]
    fn job_frame_matches_golden_json() {
        let row = entity::job::Model {
            id: Uuid::from_u128(0xB2).into(),
            prompt: "a \"cat\"".into(),
            phase: Some(entity::job::Phase::Generating),
            progress: 36,
            seq: 7,
            created_at: 1_767_225_600_000,
            started_at: Some(1_767_225_601_000),
            ..testkit::sample_job()
        };
        let golden = concat!(
            r#"{"type":"job","id":"00000000-0000-0000-0000-0000000000b2","status":"processing","phase":"generating","#,
            r#""progress":36,"seq":7,"prompt":"a \"cat\"","orientation":"landscape","seconds":10,"model":"sora2","#,
            r#""size":"1280x720","remixOf":null,"referenceImageId":null,"videoId":null,"hasPoster":false,"etaSeconds":null,"queuePosition":null,"retries":0,"resubmits":0,"#,
            r#""cancelling":false,"nextAttemptAt":null,"errorCode":null,"errorMessage":null,"mayHaveBeenCharged":false,"createdAt":"2026-01-01T00:00:00.000Z","#,
            r#""startedAt":"2026-01-01T00:00:01.000Z","finishedAt":null}"#,
        );
        let event = bus::Event::job(row.user_id, &View::from(row));
        assert_eq!(event.frame, golden);
    }
}
