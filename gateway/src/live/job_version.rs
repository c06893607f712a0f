//! How a job stands, as far as the gateway keeps books about what its clients have.

use bus::Event;
use entity::job::{Status, View};

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

    /// As an event's header says. An event without a status counts as unfinished, which costs a look at the database at
    /// worst.
    pub(crate) fn of_event(event: &Event) -> Self {
        let stage = if event.is_gone() { Stage::Finished } else { event.status.map_or(Stage::Running, Stage::from) };
        Self { seq: event.seq, stage, position: event.position }
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
    use entity::id::new_id;

    #[test]
    fn reads_the_header_of_an_event() {
        let version = |status, position| {
            let event = Event { user: new_id(), job: new_id(), seq: 7, status, position, frame: String::new() };
            let JobVersion { stage, position, .. } = JobVersion::of_event(&event);
            (stage, position)
        };
        assert_eq!(version(Some(Status::Pending), Some(3)), (Stage::Waiting, Some(3)));
        assert_eq!(version(Some(Status::Processing), None), (Stage::Running, None));
        assert_eq!(version(Some(Status::Failed), None), (Stage::Finished, None));
        assert_eq!(version(None, None), (Stage::Running, None));
        assert_eq!(JobVersion::of_event(&Event::gone(new_id(), new_id())), JobVersion::GONE);
    }
}
