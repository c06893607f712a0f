//! Progress events: a header that a gateway reads, and a frame that it hands on untouched.
//!
//! Wire form: `user|job|seq`, a line feed, then the frame's JSON. The header holds typed ids and an integer only.

use serde::Serialize;
use uuid::Uuid;

/// Largest event that is read; a job's frame is far smaller (a prompt is at most 4,000 characters).
const MAX_BYTES: usize = 64 * 1024;

/// A job's committed state on its way to its owner's browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose browsers.
    pub user: Uuid,
    /// Which job.
    pub job: Uuid,
    /// The job's `seq` in this state.
    pub seq: i64,
    /// The frame: one JSON object, as a browser gets it.
    pub frame: String,
}

/// An event that cannot be read; it is dropped.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MalformedEvent {
    /// Over 64 KiB.
    #[error("an event of {0} bytes")]
    TooLarge(usize),
    /// The header is not `user|job|seq`.
    #[error("an event without a proper header")]
    Header,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "job")]
struct JobFrame<'a, View: Serialize> {
    #[serde(flatten)]
    view: &'a View,
}

impl Event {
    /// The `seq` of a tombstone: the largest integer that every JSON reader keeps exactly.
    pub const GONE_SEQ: i64 = (1 << 53) - 1;

    /// The event of a job's state; `view` is what its owner may see of it.
    ///
    /// # Errors
    /// `view` cannot be written as a JSON object.
    pub fn job(
        user: impl Into<Uuid>,
        job: impl Into<Uuid>,
        seq: i64,
        view: &impl Serialize,
    ) -> serde_json::Result<Self> {
        let frame = serde_json::to_string(&JobFrame { view })?;
        Ok(Self { user: user.into(), job: job.into(), seq, frame })
    }

    /// The event of a job that was deleted: a tombstone that no state of it outlives.
    #[must_use]
    pub fn gone(user: impl Into<Uuid>, job: impl Into<Uuid>) -> Self {
        let (job, seq) = (job.into(), Self::GONE_SEQ);
        let frame = format!(r#"{{"type":"gone","id":"{job}","seq":{seq}}}"#);
        Self { user: user.into(), job, seq, frame }
    }

    /// The wire form.
    #[must_use]
    pub fn encode(&self) -> String {
        let Self { user, job, seq, frame } = self;
        format!("{user}|{job}|{seq}\n{frame}")
    }

    /// Reads the wire form, strictly.
    ///
    /// # Errors
    /// [`MalformedEvent`].
    pub fn decode(payload: &str) -> Result<Self, MalformedEvent> {
        if payload.len() > MAX_BYTES {
            return Err(MalformedEvent::TooLarge(payload.len()));
        }
        let (header, frame) = payload.split_once('\n').ok_or(MalformedEvent::Header)?;
        let mut parts = header.split('|');
        let (Some(user), Some(job), Some(seq), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(MalformedEvent::Header);
        };
        let id = |text: &str| Uuid::try_parse(text).map_err(|_| MalformedEvent::Header);
        let seq = seq.parse().map_err(|_| MalformedEvent::Header)?;
        Ok(Self { user: id(user)?, job: id(job)?, seq, frame: frame.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let user = Uuid::from_u128(0xA1);
        Event::job(user, Uuid::from_u128(0xB2), 7, &serde_json::json!({"id": "b2", "progress": 36, "prompt": "a\nb|c"}))
            .unwrap()
    }

    #[test]
    fn its_wire_form_is_the_published_one() {
        let golden = "00000000-0000-0000-0000-0000000000a1|00000000-0000-0000-0000-0000000000b2|7\n\
                      {\"type\":\"job\",\"id\":\"b2\",\"progress\":36,\"prompt\":\"a\\nb|c\"}";
        assert_eq!(event().encode(), golden);
        assert_eq!(Event::decode(golden), Ok(event()));
    }

    #[test]
    fn a_tombstone_outlives_every_state() {
        let gone = Event::gone(Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(gone.frame, r#"{"type":"gone","id":"00000000-0000-0000-0000-000000000002","seq":9007199254740991}"#);
        assert_eq!(Event::decode(&gone.encode()), Ok(gone));
    }

    #[test]
    fn refuses_what_is_not_exactly_that() {
        let good = event().encode();
        assert_eq!(Event::decode(&good.replacen('|', "||", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replacen("|7\n", "|seven\n", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replace('\n', " ")), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(""), Err(MalformedEvent::Header));
        let large = format!("{good}{}", " ".repeat(MAX_BYTES));
        assert_eq!(Event::decode(&large), Err(MalformedEvent::TooLarge(large.len())));
    }
}
