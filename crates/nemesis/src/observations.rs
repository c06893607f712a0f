//! What one user did and saw, kept for the checks at the end of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use uuid::Uuid;

use crate::history::is_terminal;

/// A job as the API returned it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its status.
    pub(crate) status: String,
    /// Its phase.
    pub(crate) phase: Option<String>,
    /// 0–100.
    pub(crate) progress: i32,
    /// Number of the row's change.
    pub(crate) seq: i64,
    /// Its prompt.
    pub(crate) prompt: String,
    /// Its video.
    pub(crate) video_id: Option<Uuid>,
    /// Whether it may have been charged without a result.
    pub(crate) may_have_been_charged: bool,
}

/// A job that was accepted with 202.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// Its id.
    pub(crate) id: Uuid,
    /// The prompt as sent.
    pub(crate) prompt: String,
}

/// Retry requests for one job.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retries {
    /// Requests sent.
    pub(crate) sent: usize,
    /// Requests answered with 202.
    pub(crate) accepted: usize,
}

/// Everything one user did and saw.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// Accepted jobs.
    pub(crate) accepted: Vec<Accepted>,
    /// Prompts that were sent without a definite answer.
    pub(crate) unconfirmed: BTreeSet<String>,
    /// Retry requests by job.
    pub(crate) retries: BTreeMap<Uuid, Retries>,
    /// Jobs whose cancellation was answered with 200.
    pub(crate) cancelled: BTreeSet<Uuid>,
    /// Every state received, by websocket or by polling.
    pub(crate) seen: Vec<View>,
    /// The latest state received by websocket.
    pub(crate) live: BTreeMap<Uuid, View>,
    /// The latest state received by polling.
    pub(crate) polled: BTreeMap<Uuid, View>,
    /// Whether a websocket is open and its snapshot complete.
    pub(crate) connected: bool,
    /// Answers that the API must not give.
    pub(crate) violations: Vec<String>,
}

/// Observations shared by the user's concurrent tasks.
#[derive(Debug, Default)]
pub(crate) struct Observations(Mutex<Observed>);

impl Observations {
    /// Locks the observations.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a state received by websocket. Its `seq` must be higher than the last one's.
    pub(crate) fn record_frame(&self, view: View) {
        let mut record = self.lock();
        let last = record.live.get(&view.id).map(|last| last.seq);
        if last.is_some_and(|last| last >= view.seq) {
            record.violations.push(format!("job {}: a websocket showed seq {} after {last:?}", view.id, view.seq));
        }
        record.live.insert(view.id, view.clone());
        record.seen.push(view);
    }

    /// Records a polled state. Its `seq` must not be lower than the last one's.
    pub(crate) fn record_poll(&self, view: View) {
        let mut record = self.lock();
        let last = record.polled.get(&view.id).map(|last| last.seq);
        if last.is_some_and(|last| last > view.seq) {
            record.violations.push(format!("job {}: a poll showed seq {} after {last:?}", view.id, view.seq));
        }
        record.polled.insert(view.id, view.clone());
        record.seen.push(view);
    }
}

impl Observed {
    /// The state of a job with the highest `seq`, from either source.
    pub(crate) fn newest(&self, id: Uuid) -> Option<&View> {
        [self.live.get(&id), self.polled.get(&id)].into_iter().flatten().max_by_key(|view| view.seq)
    }

    /// An accepted job that is not known to have ended. `pick` chooses the index.
    pub(crate) fn unfinished(&self, pick: impl Fn(usize) -> usize) -> Option<Uuid> {
        let ended = |id| self.newest(id).is_some_and(|view| is_terminal(&view.status));
        let unfinished: Vec<Uuid> = self.accepted.iter().map(|job| job.id).filter(|id| !ended(*id)).collect();
        if unfinished.is_empty() { None } else { unfinished.get(pick(unfinished.len())).copied() }
    }
}
