//! How a job stands, as far as the gateway keeps books about what its clients have.

use bus::Event;
use entity::job::{Status, View};
use serde::Deserialize;

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It may have a position in line.
    Waiting,
    /// Somebody works on it.
    Running,
    /// It has ended, or is gone.
    Finished,
}

/// What one frame says of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobVersion {
    /// The state's number.
    pub(crate) seq: i64,
    /// How far the job has come.
    pub(crate) stage: Stage,
    /// Its position in line.
    pub(crate) position: Option<u64>,
}

/// The few fields of a frame that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameHead {
    status: Option<Status>,
    queue_position: Option<u64>,
}

impl JobVersion {
    /// Of a job that is no more.
    pub(crate) const GONE: Self = Self { seq: Event::GONE_SEQ, stage: Stage::Finished, position: None };

    /// As a client says that it knows it.
    pub(crate) fn known_to_client(seq: i64) -> Self {
        Self { seq, stage: Stage::Running, position: None }
    }

    /// As a view shows it.
    pub(crate) fn of_view(view: &View) -> Self {
        Self { seq: view.seq, stage: view.status.into(), position: view.queue_position }
    }

    /// As an event tells it. One that does not say counts as unfinished, which costs a look at the database at worst.
    pub(crate) fn of_event(event: &Event) -> Self {
        let (stage, position) = match serde_json::from_str::<FrameHead>(&event.frame) {
            _ if event.seq == Event::GONE_SEQ => (Stage::Finished, None),
            Ok(FrameHead { status: Some(status), queue_position }) => (status.into(), queue_position),
            _ => (Stage::Running, None),
        };
        Self { seq: event.seq, stage, position }
    }
}

impl From<Status> for Stage {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Waiting,
            Status::Processing => Self::Running,
            Status::Completed | Status::Failed | Status::Cancelled => Self::Finished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::{kind, new_id};

    #[test]
    fn is_read_out_of_events() {
        let version = |frame: &str| {
            let (user, job) = (new_id::<kind::User>().into(), new_id::<kind::Job>().into());
            let JobVersion { stage, position, .. } =
                JobVersion::of_event(&Event { user, job, seq: 7, frame: frame.into() });
            (stage, position)
        };
        assert_eq!(version(r#"{"status":"pending","queuePosition":3}"#), (Stage::Waiting, Some(3)));
        assert_eq!(version(r#"{"status":"processing","queuePosition":null}"#), (Stage::Running, None));
        assert_eq!(version(r#"{"status":"failed"}"#), (Stage::Finished, None));
        for unknown in ["", "{}", r#"{"status":"of the future"}"#] {
            assert_eq!(version(unknown), (Stage::Running, None), "{unknown}");
        }
        let gone = Event::gone(new_id::<kind::User>(), new_id::<kind::Job>());
        assert_eq!(JobVersion::of_event(&gone), JobVersion::GONE);
    }
}
