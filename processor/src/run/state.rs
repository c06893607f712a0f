//! How far a job's request has come. It decides what may be done with the job when its run ends early: whether the
//! request may have cost money, and whether another worker can continue it.
//!
//! ```text
//! Planning ─→ Preparing ─→ Sending ─→ Answered ─→ Downloading
//!    │                                    ├─→ Open ─→┘ ↑
//!    ├─ an earlier run's attempt: Open, Orphaned       │
//!    └─ an earlier run's result ───────────────────────┘
//! ```

use entity::job::AttemptStart;
use entity::{AttemptId, DbErr};
use sora::{Failure, Generation};
use tokio::task::JoinHandle;

/// A request on its way. It runs in a task of its own, so that it is never dropped half sent: its cost would be unknown.
pub(super) type SentRequest = JoinHandle<Result<Box<dyn Generation>, Failure>>;

/// An attempt that is being recorded.
pub(super) type Recording = JoinHandle<Result<AttemptStart, DbErr>>;

/// How far a job's request has come.
pub(super) enum RunState {
    /// This run has not touched an attempt.
    Planning,
    /// An attempt is recorded, or about to be. Nothing has been sent.
    Preparing {
        attempt: AttemptId,
        /// Whether the request is the circuit breaker's probe.
        probe: bool,
        /// The recording, unless its result is known. It is carried out even if the run ends meanwhile.
        recording: Option<Recording>,
    },
    /// The request was sent and is not answered.
    Sending { attempt: AttemptId, probe: bool, request: SentRequest },
    /// The upstream is answering, without an id by which the generation could be resumed.
    Answered {
        attempt: AttemptId,
        probe: bool,
        /// Whether the upstream accepted the request: it may then cost money however it ends.
        accepted: bool,
        generation: Box<dyn Generation>,
    },
    /// The upstream accepted the request and its id is recorded: any worker can resume it.
    Open { attempt: AttemptId, generation: Box<dyn Generation> },
    /// A worker that stopped had sent this request, and it cannot be resumed.
    Orphaned { attempt: AttemptId, accepted: bool },
    /// The attempt has its outcome, and the result is being downloaded.
    Downloading,
}

impl RunState {
    /// The generation that is being followed.
    pub(super) fn generation(&mut self) -> Option<&mut Box<dyn Generation>> {
        match self {
            Self::Answered { generation, .. } | Self::Open { generation, .. } => Some(generation),
            _ => None,
        }
    }

    /// The upstream accepted the request.
    pub(super) fn accept(&mut self) {
        if let Self::Answered { accepted, .. } = self {
            *accepted = true;
        }
    }

    /// The upstream's id for the generation is recorded.
    pub(super) fn open(&mut self) {
        *self = match std::mem::replace(self, Self::Planning) {
            Self::Answered { attempt, generation, .. } => Self::Open { attempt, generation },
            other => other,
        };
    }

    /// The result is recorded. Returns its generation, to be closed.
    pub(super) fn deliver(&mut self) -> Option<Box<dyn Generation>> {
        match std::mem::replace(self, Self::Downloading) {
            Self::Answered { generation, .. } | Self::Open { generation, .. } => Some(generation),
            _ => None,
        }
    }

    /// The attempt that ends without a result if the job fails now, and whether the upstream accepted it. `None` if no
    /// request was sent, or its result is recorded.
    pub(super) fn failing_attempt(&self) -> Option<(AttemptId, bool)> {
        match self {
            Self::Sending { attempt, .. } => Some((*attempt, false)),
            Self::Answered { attempt, accepted, .. } | Self::Orphaned { attempt, accepted } => {
                Some((*attempt, *accepted))
            }
            Self::Open { attempt, .. } => Some((*attempt, true)),
            Self::Planning | Self::Preparing { .. } | Self::Downloading => None,
        }
    }

    /// Whether this run has sent a request that no other worker could resume.
    pub(super) fn is_unresumable(&self) -> bool {
        matches!(self, Self::Sending { .. } | Self::Answered { .. })
    }

    /// Whether the request is the circuit breaker's probe.
    pub(super) fn is_probe(&self) -> bool {
        match self {
            Self::Preparing { probe, .. } | Self::Sending { probe, .. } | Self::Answered { probe, .. } => *probe,
            Self::Planning | Self::Open { .. } | Self::Orphaned { .. } | Self::Downloading => false,
        }
    }
}
