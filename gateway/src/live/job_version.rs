//! The version of a job's state: what the gateway remembers of each job that it sent to a client.

use bus::Event;
use entity::job::{Status, View};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It may have a queue position.
    Waiting,
    /// A worker has it.
    Running,
    /// It has ended or was deleted.
    Finished,
}

/// The version in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobVersion {
    /// Number of the state; increases with every change.
    pub(crate) seq: i64,
    /// How far the job has come.
    pub(crate) stage: Stage,
    /// Its queue position.
    pub(crate) position: Option<u64>,
}

impl JobVersion {
    /// The version of a deleted job.
    pub(crate) const GONE: Self = Self { seq: Event::GONE_SEQ, stage: Stage::Finished, position: None };

    /// The version that a client reports in `hello`.
    pub(crate) fn known_to_client(seq: i64) -> Self {
        Self { seq, stage: Stage::Running, position: None }
    }

    /// The version of a view.
    pub(crate) fn of_view(view: &View) -> Self {
        Self { seq: view.seq, stage: view.status.into(), position: view.queue_position }
    }

    /// The version in an event's header. Without a status the job counts as unfinished; at worst this costs a query.
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
