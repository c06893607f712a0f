//! The jobs this process is working on, and the signals sent to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bus::Queue;
use entity::JobId;
use entity::job::JobClaim;
use tokio::sync::watch;

use crate::metrics;

/// What a job's run should do. The order is that of strength: a weaker signal never replaces a stronger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    /// Carry on.
    Continue,
    /// Stop: the owner cancelled the job.
    Cancel,
    /// Stop and leave the job to another worker: this process is stopping.
    HandOver,
    /// Stop and write nothing: another worker may hold the job already.
    Abandon,
}

/// All jobs in flight. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    jobs: HashMap<JobId, Slot>,
    /// Whether jobs that another worker can continue at no cost are handed over.
    draining: bool,
}

struct Slot {
    /// The queue from which the job came.
    queue: Queue,
    /// The entry in its stream.
    entry: String,
    /// Set while this worker holds the job in the database.
    claim: Option<JobClaim>,
    /// Whether another worker could continue the job at no cost.
    resumable: bool,
    signal: watch::Sender<Signal>,
}

/// One job in flight. It leaves the set when dropped, even by a panic.
pub(crate) struct InFlightJob {
    job: JobId,
    all: InFlight,
    signal: watch::Receiver<Signal>,
}

impl InFlight {
    /// Adds a job with the entry that brought it. Returns `None` if the job is in flight already.
    pub(crate) fn insert(&self, job: JobId, queue: &Queue, entry: &str) -> Option<InFlightJob> {
        let mut inner = self.inner();
        if inner.jobs.contains_key(&job) {
            return None;
        }
        let (sender, signal) = watch::channel(Signal::Continue);
        let (queue, entry) = (queue.clone(), entry.to_owned());
        inner.jobs.insert(job, Slot { queue, entry, claim: None, resumable: false, signal: sender });
        metrics::in_flight(inner.jobs.len());
        Some(InFlightJob { job, all: self.clone(), signal })
    }

    /// Whether a job is in flight, claimed or about to be.
    pub(crate) fn contains(&self, job: JobId) -> bool {
        self.inner().jobs.contains_key(&job)
    }

    /// The claims of all jobs in flight.
    pub(crate) fn claims(&self) -> Vec<JobClaim> {
        self.inner().jobs.values().filter_map(|slot| slot.claim).collect()
    }

    /// The entries of the jobs in flight that came from `queue`.
    pub(crate) fn entries(&self, queue: &Queue) -> Vec<String> {
        let inner = self.inner();
        let of_queue = inner.jobs.values().filter(|slot| slot.queue.keys() == queue.keys());
        of_queue.map(|slot| slot.entry.clone()).collect()
    }

    /// Signals the job of this claim, if it is still in flight under it.
    pub(crate) fn signal(&self, claim: JobClaim, signal: Signal) {
        if let Some(slot) = self.inner().jobs.get(&claim.job).filter(|slot| slot.claim == Some(claim)) {
            slot.signal(signal);
        }
    }

    /// Signals a job to stop because its owner cancelled it.
    pub(crate) fn cancel(&self, job: JobId) {
        if let Some(slot) = self.inner().jobs.get(&job) {
            slot.signal(Signal::Cancel);
        }
    }

    /// Signals all jobs.
    pub(crate) fn signal_all(&self, signal: Signal) {
        for slot in self.inner().jobs.values() {
            slot.signal(signal);
        }
    }

    /// Hands over every job that another worker can continue at no cost, now or once it can.
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
        self.signal.send_if_modified(|current| {
            let stronger = signal > *current;
            *current = signal.max(*current);
            stronger
        });
    }
}

impl InFlightJob {
    /// Records that this worker holds the job.
    pub(crate) fn set_claim(&self, claim: JobClaim) {
        self.replace_claim(Some(claim));
    }

    /// Records that this worker no longer holds the job, although its run continues.
    pub(crate) fn clear_claim(&self) {
        self.replace_claim(None);
    }

    /// Records whether another worker could continue the job at no cost. While draining, such a job is handed over.
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

    /// Waits for a signal at least as strong as `at_least`.
    pub(crate) async fn signalled(&self, at_least: Signal) -> Signal {
        let mut signal = self.signal.clone();
        let received = signal.wait_for(|signal| *signal >= at_least).await.map(|signal| *signal);
        received.unwrap_or(Signal::Abandon)
    }

    fn replace_claim(&self, claim: Option<JobClaim>) {
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
