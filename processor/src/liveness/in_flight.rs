//! The jobs that this process has in hand, and the orders that reach them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::JobId;
use entity::job::Held;
use tokio::sync::watch;

use crate::metrics;

/// What a job in hand is told to do; a later order counts only if it is stronger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Nothing special.
    GoOn,
    /// Its owner no longer wants it.
    Cancel,
    /// The process is about to end: leave the job to another.
    HandOver,
    /// It is someone else's by now: drop everything and write nothing.
    Drop,
}

/// All jobs in hand. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    slots: HashMap<JobId, Slot>,
    /// Whether what can be left to others at no cost is left to them.
    draining: bool,
}

struct Slot {
    entry: String,
    /// Set once the claim has won.
    held: Option<Held>,
    /// Whether another can go on with it at no cost.
    free: bool,
    order: watch::Sender<Order>,
}

/// One job in hand; leaves the hands when dropped, even by a panic.
pub(crate) struct Hand {
    job: JobId,
    all: Hands,
    order: watch::Receiver<Order>,
}

impl Hands {
    /// Takes a job in hand for the entry that brought it; `None` when it is in hand already.
    pub(crate) fn take(&self, job: JobId, entry: &str) -> Option<Hand> {
        let mut inner = self.inner();
        if inner.slots.contains_key(&job) {
            return None;
        }
        let (sender, order) = watch::channel(Order::GoOn);
        inner.slots.insert(job, Slot { entry: entry.to_owned(), held: None, free: false, order: sender });
        metrics::in_hand(inner.slots.len());
        Some(Hand { job, all: self.clone(), order })
    }

    /// Whether a job is in hand, claimed or about to be.
    pub(crate) fn holds(&self, job: JobId) -> bool {
        self.inner().slots.contains_key(&job)
    }

    /// The claims that have won.
    pub(crate) fn held(&self) -> Vec<Held> {
        self.inner().slots.values().filter_map(|slot| slot.held).collect()
    }

    /// The entries in hand.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.inner().slots.values().map(|slot| slot.entry.clone()).collect()
    }

    /// Gives an order to one claim, if it is still in hand.
    pub(crate) fn order(&self, held: Held, order: Order) {
        if let Some(slot) = self.inner().slots.get(&held.job).filter(|slot| slot.held == Some(held)) {
            slot.give(order);
        }
    }

    /// Has a job cancelled, if it is in hand.
    pub(crate) fn cancel(&self, job: JobId) {
        if let Some(slot) = self.inner().slots.get(&job) {
            slot.give(Order::Cancel);
        }
    }

    /// Gives an order to all.
    pub(crate) fn order_all(&self, order: Order) {
        for slot in self.inner().slots.values() {
            slot.give(order);
        }
    }

    /// Has everything handed over that another can go on with at no cost, now or as soon as it comes to that.
    pub(crate) fn drain(&self) {
        let mut inner = self.inner();
        inner.draining = true;
        inner.slots.values().filter(|slot| slot.free).for_each(|slot| slot.give(Order::HandOver));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn give(&self, order: Order) {
        self.order.send_if_modified(|given| {
            let stronger = order > *given;
            *given = order.max(*given);
            stronger
        });
    }
}

impl Hand {
    /// Notes that the claim has won.
    pub(crate) fn hold(&self, held: Held) {
        self.note(Some(held));
    }

    /// Notes that the job's row has left this worker, which goes on for a while all the same.
    pub(crate) fn release(&self) {
        self.note(None);
    }

    /// Notes whether another could go on with the job at no cost; while draining, it does.
    pub(crate) fn free(&self, free: bool) {
        let mut inner = self.all.inner();
        let draining = inner.draining;
        if let Some(slot) = inner.slots.get_mut(&self.job) {
            slot.free = free;
            if free && draining {
                slot.give(Order::HandOver);
            }
        }
    }

    /// Waits for an order of at least this strength.
    pub(crate) async fn ordered(&self, least: Order) -> Order {
        let mut order = self.order.clone();
        let given = order.wait_for(|order| *order >= least).await.map(|order| *order);
        given.unwrap_or(Order::Drop)
    }

    fn note(&self, held: Option<Held>) {
        if let Some(slot) = self.all.inner().slots.get_mut(&self.job) {
            slot.held = held;
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut inner = self.all.inner();
        inner.slots.remove(&self.job);
        metrics::in_hand(inner.slots.len());
    }
}
