//! The jobs that this process has in flight, and the orders that reach them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::JobId;
use entity::job::JobClaim;
use tokio::sync::watch;

use crate::metrics;

/// What a job in hand is told to do; a later signal counts only if it is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    /// Nothing special.
    Continue,
    /// Its owner no longer wants it.
    Cancel,
    /// The process is about to end: leave the job to another.
    HandOver,
    /// It is someone else's by now: drop everything and write nothing.
    Abandon,
}

/// All jobs in flight. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    jobs: HashMap<JobId, Slot>,
    /// Whether what can be left to others at no cost is left to them.
    draining: bool,
}

struct Slot {
    entry: String,
    /// Set once the claim has won.
    claim: Option<JobClaim>,
    /// Whether another can go on with it at no cost.
    resumable: bool,
    signal: watch::Sender<Signal>,
}

/// One job in hand; leaves the hands when dropped, even by a panic.
pub(crate) struct InFlightJob {
    job: JobId,
    all: InFlight,
    signal: watch::Receiver<Signal>,
}

impl InFlight {
    /// Takes a job in hand for the entry that brought it; `None` when it is in hand already.
    pub(crate) fn insert(&self, job: JobId, entry: &str) -> Option<InFlightJob> {
        let mut inner = self.inner();
        if inner.jobs.contains_key(&job) {
            return None;
        }
        let (sender, signal) = watch::channel(Signal::Continue);
        inner.jobs.insert(job, Slot { entry: entry.to_owned(), claim: None, resumable: false, signal: sender });
        metrics::in_flight(inner.jobs.len());
        Some(InFlightJob { job, all: self.clone(), signal })
    }

    /// Whether a job is in flight, claimed or about to be.
    pub(crate) fn contains(&self, job: JobId) -> bool {
        self.inner().jobs.contains_key(&job)
    }

    /// The claims that have won.
    pub(crate) fn claims(&self) -> Vec<JobClaim> {
        self.inner().jobs.values().filter_map(|slot| slot.claim).collect()
    }

    /// The entries in flight.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.inner().jobs.values().map(|slot| slot.entry.clone()).collect()
    }

    /// Gives a signal to one claim, if it is still in flight.
    pub(crate) fn signal(&self, claim: JobClaim, signal: Signal) {
        if let Some(slot) = self.inner().jobs.get(&claim.job).filter(|slot| slot.claim == Some(claim)) {
            slot.signal(signal);
        }
    }

    /// Has a job cancelled, if it is in flight.
    pub(crate) fn cancel(&self, job: JobId) {
        if let Some(slot) = self.inner().jobs.get(&job) {
            slot.signal(Signal::Cancel);
        }
    }

    /// Gives a signal to all.
    pub(crate) fn signal_all(&self, signal: Signal) {
        for slot in self.inner().jobs.values() {
            slot.signal(signal);
        }
    }

    /// Has everything handed over that another can go on with at no cost, now or as soon as it comes to that.
    pub(crate) fn drain(&self) {
        let mut inner = self.inner();
        inner.draining = true;
        inner.jobs.values().filter(|slot| slot.resumable).for_each(|slot| slot.signal(Signal::HandOver));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn signal(&self, signal: Signal) {
        self.signal.send_if_modified(|given| {
            let stronger = signal > *given;
            *given = signal.max(*given);
            stronger
        });
    }
}

impl InFlightJob {
    /// Notes that the claim has won.
    pub(crate) fn set_claim(&self, claim: JobClaim) {
        self.record_claim(Some(claim));
    }

    /// Notes that the job's row has left this worker, which goes on for a while all the same.
    pub(crate) fn clear_claim(&self) {
        self.record_claim(None);
    }

    /// Notes whether another could go on with the job at no cost; while draining, it does.
    pub(crate) fn set_resumable(&self, resumable: bool) {
        let mut inner = self.all.inner();
        let draining = inner.draining;
        if let Some(slot) = inner.jobs.get_mut(&self.job) {
            slot.resumable = resumable;
            if resumable && draining {
                slot.signal(Signal::HandOver);
            }
        }
    }

    /// Waits for a signal of at least this strength.
    pub(crate) async fn signalled(&self, at_least: Signal) -> Signal {
        let mut signal = self.signal.clone();
        let given = signal.wait_for(|signal| *signal >= at_least).await.map(|signal| *signal);
        given.unwrap_or(Signal::Abandon)
    }

    fn record_claim(&self, claim: Option<JobClaim>) {
        if let Some(slot) = self.all.inner().jobs.get_mut(&self.job) {
            slot.claim = claim;
        }
    }
}

impl Drop for InFlightJob {
    fn drop(&mut self) {
        let mut inner = self.all.inner();
        inner.jobs.remove(&self.job);
        metrics::in_flight(inner.jobs.len());
    }
}
