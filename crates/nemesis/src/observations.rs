//! What one user did and saw, kept for the checks at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use uuid::Uuid;

use crate::history::is_terminal;

/// A job as the API showed it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    /// Its id.
    pub(crate) id: Uuid,
    /// Where it is in its life.
    pub(crate) status: String,
    /// What it is doing.
    pub(crate) phase: Option<String>,
    /// 0–100.
    pub(crate) progress: i32,
    /// The number of the change.
    pub(crate) seq: i64,
    /// As it was sent.
    pub(crate) prompt: String,
    /// Its video.
    pub(crate) video_id: Option<Uuid>,
    /// Whether it may have cost money in vain.
    pub(crate) may_have_been_charged: bool,
}

/// A job that the API promised.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// Its id.
    pub(crate) id: Uuid,
    /// As it was sent.
    pub(crate) prompt: String,
}

/// Wishes to start a job anew.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retries {
    /// Sent.
    pub(crate) asked: usize,
    /// Answered with 202.
    pub(crate) granted: usize,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// Promised.
    pub(crate) accepted: Vec<Accepted>,
    /// Prompts that were sent and whose answer was lost.
    pub(crate) unconfirmed: BTreeSet<String>,
    /// Wishes to start anew.
    pub(crate) retries: BTreeMap<Uuid, Retries>,
    /// Jobs whose cancelling was answered with 200.
    pub(crate) cancelled: BTreeSet<Uuid>,
    /// Everything that was shown, by websocket or by polling.
    pub(crate) seen: Vec<View>,
    /// The last state that came by websocket.
    pub(crate) live: BTreeMap<Uuid, View>,
    /// The last state that came by polling.
    pub(crate) polled: BTreeMap<Uuid, View>,
    /// Whether a websocket is open that has shown its snapshot.
    pub(crate) connected: bool,
    /// What should not have been shown.
    pub(crate) violations: Vec<String>,
}

/// Shared by all that a user does at once.
#[derive(Debug, Default)]
pub(crate) struct Observations(Mutex<Observed>);

impl Observations {
    /// Looks into it, or writes to it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a state that came by websocket; each must be newer than the last.
    pub(crate) fn record_frame(&self, view: View) {
        let mut record = self.lock();
        let last = record.live.get(&view.id).map(|last| last.seq);
        if last.is_some_and(|last| last >= view.seq) {
            record.violations.push(format!("job {}: a websocket showed seq {} after {last:?}", view.id, view.seq));
        }
        record.live.insert(view.id, view.clone());
        record.seen.push(view);
    }

    /// Notes a state that came by polling; none may be older than the last.
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
    /// The newest state of a job, whatever way it came.
    pub(crate) fn newest(&self, id: Uuid) -> Option<&View> {
        [self.live.get(&id), self.polled.get(&id)].into_iter().flatten().max_by_key(|view| view.seq)
    }

    /// A job that is not known to have ended, if any; `pick` chooses among them.
    pub(crate) fn active(&self, pick: impl Fn(usize) -> usize) -> Option<Uuid> {
        let ended = |id| self.newest(id).is_some_and(|view| is_terminal(&view.status));
        let active: Vec<Uuid> = self.accepted.iter().map(|job| job.id).filter(|id| !ended(*id)).collect();
        if active.is_empty() { None } else { active.get(pick(active.len())).copied() }
    }
}
