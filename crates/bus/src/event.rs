//! Events: the committed state of a job, published for the browsers of its owner.
//!
//! Wire format: a header line, a line feed, then the frame (the JSON that a websocket client receives). The header is
//! `user|job|seq|status|position` and carries all that a gateway needs, so that it relays frames without parsing them:
//! `status` is the job's status or `gone` once it is deleted, `position` its 1-based position in the backlog or empty.
//!
//! An event is made here and nowhere else. It holds the whole state, so a lost, duplicate or late event delays an update
//! and never leaves wrong state.
//!
//! Rolling upgrades: older processes publish `user|job|seq`, which is read as an event of unknown status. Older gateways
//! log and drop the longer header; their clients see the change at the next resync, or when they reconnect to a newer
//! gateway. Fields after the fifth are ignored, so that the header can grow without this.

use entity::job::{Status, View};
use entity::{JobId, UserId};
use serde::Serialize;
use uuid::Uuid;

/// Maximum size of an event in bytes. A job's frame is far smaller: prompts have at most 4,000 characters.
const MAX_BYTES: usize = 64 * 1024;

/// The status in the header of a deleted job's event.
const GONE: &str = "gone";

/// A job's committed state on its way to its owner's browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The job's owner.
    pub user: UserId,
    /// The job.
    pub job: JobId,
    /// The job's `seq` in this state; [`Event::GONE_SEQ`] once it is deleted.
    pub seq: i64,
    /// The job's status; `None` if it is deleted, or if the publisher did not say.
    pub status: Option<Status>,
    /// 1-based position in the backlog, while the job waits.
    pub position: Option<u64>,
    /// One JSON object, exactly as a browser receives it.
    pub frame: String,
}

/// Why a payload is not an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MalformedEvent {
    /// More than 64 KiB.
    #[error("the event has {0} bytes, more than {MAX_BYTES}")]
    TooLarge(usize),
    /// The header is not `user|job|seq|status|position`.
    #[error("the event has no valid header")]
    Header,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "job")]
struct JobFrame<'a> {
    #[serde(flatten)]
    view: &'a View,
}

impl Event {
    /// The `seq` of a deleted job: the largest integer that every JSON reader keeps exactly.
    pub const GONE_SEQ: i64 = (1 << 53) - 1;

    /// The event of a job's state, as `view` shows it to its owner.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a struct of strings and numbers always serializes")]
    pub fn job(user: UserId, view: &View) -> Self {
        let frame = serde_json::to_string(&JobFrame { view }).expect("a job's view serializes");
        Self { user, job: view.id, seq: view.seq, status: Some(view.status), position: view.queue_position, frame }
    }

    /// The event of a deleted job: a tombstone, which no state of the job supersedes.
    #[must_use]
    pub fn gone(user: UserId, job: JobId) -> Self {
        let seq = Self::GONE_SEQ;
        let frame = format!(r#"{{"type":"gone","id":"{job}","seq":{seq}}}"#);
        Self { user, job, seq, status: None, position: None, frame }
    }

    /// Whether the job is deleted.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.seq == Self::GONE_SEQ
    }

    /// The wire format of [`Event::job`] in three parts, between which a script puts the position in the backlog: at the end
    /// of the header, and in the frame.
    pub(crate) fn cut_at_position(user: UserId, view: &View) -> [String; 3] {
        const POSITION: &str = "\"queuePosition\":";
        let event = Self::job(user, &View { queue_position: None, ..view.clone() }).encode();
        let (header, frame) = event.split_once('\n').unwrap_or((&event, ""));
        // Quotation marks within texts are escaped, so this is the property.
        let (before, after) = frame.split_once(&format!("{POSITION}null")).unwrap_or((frame, ""));
        [header.to_owned(), format!("\n{before}{POSITION}"), after.to_owned()]
    }

    /// The wire format.
    #[must_use]
    pub fn encode(&self) -> String {
        let Self { user, job, seq, frame, .. } = self;
        let status = self.status.map_or(GONE, Status::as_str);
        let position = self.position.map(|position| position.to_string()).unwrap_or_default();
        format!("{user}|{job}|{seq}|{status}|{position}\n{frame}")
    }

    /// Parses the wire format.
    ///
    /// # Errors
    /// [`MalformedEvent`]; a status that this version does not know is no error.
    pub fn decode(payload: &str) -> Result<Self, MalformedEvent> {
        if payload.len() > MAX_BYTES {
            return Err(MalformedEvent::TooLarge(payload.len()));
        }
        let (header, frame) = payload.split_once('\n').ok_or(MalformedEvent::Header)?;
        let fields: Vec<&str> = header.split('|').collect();
        let (user, job, seq, status, position) = match fields[..] {
            [user, job, seq] => (user, job, seq, "", ""),
            [user, job, seq, status, position, ..] => (user, job, seq, status, position),
            _ => return Err(MalformedEvent::Header),
        };
        let id = |text: &str| Uuid::try_parse(text).map_err(|_| MalformedEvent::Header);
        let position = match position {
            "" => None,
            position => Some(position.parse().map_err(|_| MalformedEvent::Header)?),
        };
        Ok(Self {
            user: id(user)?.into(),
            job: id(job)?.into(),
            seq: seq.parse().map_err(|_| MalformedEvent::Header)?,
            status: Status::parse(status),
            position,
            frame: frame.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::job;

    fn waiting_job() -> Event {
        let row = job::Model {
            id: Uuid::from_u128(0xB2).into(),
            seq: 7,
            prompt: "a\nb|c".into(),
            status: Status::Pending,
            ..testkit::sample_job()
        };
        Event::job(Uuid::from_u128(0xA1).into(), &View::new(row, Some(3), None))
    }

    #[test]
    fn header_matches_golden_text() {
        let golden = "00000000-0000-0000-0000-0000000000a1|00000000-0000-0000-0000-0000000000b2|7|pending|3\n\
                      {\"type\":\"job\",\"id\":\"00000000-0000-0000-0000-0000000000b2\",\"status\":\"pending\",";
        let text = waiting_job().encode();
        assert!(text.starts_with(golden), "{text}");
        assert_eq!(text.lines().count(), 2, "the prompt's line feed is escaped");
        assert_eq!(Event::decode(&text), Ok(waiting_job()));
    }

    #[test]
    fn an_event_is_cut_where_the_position_belongs() {
        let row =
            job::Model { prompt: "\"queuePosition\":null".into(), status: Status::Pending, ..testkit::sample_job() };
        let (user, view) = (Uuid::from_u128(0xA1).into(), View::new(row, None, None));
        let [header, before, after] = Event::cut_at_position(user, &view);
        for (position, in_header, in_frame) in [(None, "", "null"), (Some(12), "12", "12")] {
            let event = Event::job(user, &View { queue_position: position, ..view.clone() });
            assert_eq!(format!("{header}{in_header}{before}{in_frame}{after}"), event.encode());
        }
    }

    #[test]
    fn tombstone_has_the_highest_seq() {
        let gone = Event::gone(Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        assert_eq!(gone.frame, r#"{"type":"gone","id":"00000000-0000-0000-0000-000000000002","seq":9007199254740991}"#);
        let (header, _) = gone.encode().split_once('\n').map(|(header, _)| (header.to_owned(), ())).unwrap();
        assert!(header.ends_with("|9007199254740991|gone|"), "{header}");
        assert_eq!(Event::decode(&gone.encode()), Ok(gone));
    }

    #[test]
    fn reads_headers_of_older_and_newer_versions() {
        let event = waiting_job();
        let older = event.encode().replacen("|7|pending|3\n", "|7\n", 1);
        assert_eq!(Event::decode(&older), Ok(Event { status: None, position: None, ..event.clone() }));
        let newer = event.encode().replacen("|3\n", "|3|more\n", 1);
        assert_eq!(Event::decode(&newer), Ok(event.clone()));
        let unknown = event.encode().replacen("|pending|", "|hibernating|", 1);
        assert_eq!(Event::decode(&unknown), Ok(Event { status: None, ..event }));
    }

    #[test]
    fn rejects_malformed_payloads() {
        let good = waiting_job().encode();
        assert_eq!(Event::decode(&good.replacen('|', "||", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replacen("|7|", "|seven|", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replacen("|3\n", "|third\n", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replacen("|3\n", "\n", 1)), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(&good.replace('\n', " ")), Err(MalformedEvent::Header));
        assert_eq!(Event::decode(""), Err(MalformedEvent::Header));
        let large = format!("{good}{}", " ".repeat(MAX_BYTES));
        assert_eq!(Event::decode(&large), Err(MalformedEvent::TooLarge(large.len())));
    }
}
