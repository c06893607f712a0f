//! How a job stands, as far as the gateway keeps books about what its clients have.

use bus::Event;
use entity::job::{Status, View};
use serde::Deserialize;

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It may have a place in line.
    Waiting,
    /// Somebody works on it.
    Working,
    /// It has ended, or is gone.
    Over,
}

/// What one frame says of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The state's number.
    pub(crate) seq: i64,
    /// How far the job has come.
    pub(crate) stage: Stage,
    /// Its place in line.
    pub(crate) place: Option<u64>,
}

/// The few fields of a frame that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Glimpse {
    status: Option<Status>,
    queue_position: Option<u64>,
}

impl Standing {
    /// Of a job that is no more.
    pub(crate) const GONE: Self = Self { seq: Event::GONE_SEQ, stage: Stage::Over, place: None };

    /// As a client says that it knows it.
    pub(crate) fn claimed(seq: i64) -> Self {
        Self { seq, stage: Stage::Working, place: None }
    }

    /// As a view shows it.
    pub(crate) fn shown(view: &View) -> Self {
        Self { seq: view.seq, stage: view.status.into(), place: view.queue_position }
    }

    /// As an event tells it. One that does not say counts as unfinished, which costs a look at the database at worst.
    pub(crate) fn told(event: &Event) -> Self {
        let (stage, place) = match serde_json::from_str::<Glimpse>(&event.frame) {
            _ if event.seq == Event::GONE_SEQ => (Stage::Over, None),
            Ok(Glimpse { status: Some(status), queue_position }) => (status.into(), queue_position),
            _ => (Stage::Working, None),
        };
        Self { seq: event.seq, stage, place }
    }
}

impl From<Status> for Stage {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Waiting,
            Status::Processing => Self::Working,
            Status::Completed | Status::Failed | Status::Cancelled => Self::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::{fresh, kind};

    #[test]
    fn is_read_out_of_events() {
        let told = |frame: &str| {
            let (user, job) = (fresh::<kind::User>().into(), fresh::<kind::Job>().into());
            let Standing { stage, place, .. } = Standing::told(&Event { user, job, seq: 7, frame: frame.into() });
            (stage, place)
        };
        assert_eq!(told(r#"{"status":"pending","queuePosition":3}"#), (Stage::Waiting, Some(3)));
        assert_eq!(told(r#"{"status":"processing","queuePosition":null}"#), (Stage::Working, None));
        assert_eq!(told(r#"{"status":"failed"}"#), (Stage::Over, None));
        for unknown in ["", "{}", r#"{"status":"of the future"}"#] {
            assert_eq!(told(unknown), (Stage::Working, None), "{unknown}");
        }
        let gone = Event::gone(fresh::<kind::User>(), fresh::<kind::Job>());
        assert_eq!(Standing::told(&gone), Standing::GONE);
    }
}
