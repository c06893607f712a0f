//! Deliveries: entries of the stream that a consumer holds until it acknowledges them.

use entity::{JobId, WorkerId};

use crate::{Error, Event, Flow, Queue, script};

/// An entry that a consumer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The entry's id in the stream.
    pub entry: String,
    /// The worker whose consumer holds it.
    pub consumer: WorkerId,
    /// The job.
    pub job: JobId,
    /// The flow whose turn the job took.
    pub flow: Flow,
}

/// Maximum number of entries that one script call renews.
const RENEW_BATCH: usize = 100;

impl Queue {
    /// Acknowledges a delivery, deletes its entry and publishes the job's committed state in one step. Returns false if the
    /// entry no longer belongs to this consumer; it stays then, and the event is published all the same.
    pub async fn ack_and_publish(&self, delivery: &Delivery, event: Option<&Event>) -> Result<bool, Error> {
        let mut script = script::ACKNOWLEDGE.with(&self.keys);
        script.arg(&delivery.entry).arg(delivery.consumer.to_string());
        script.arg(&self.bus.keys.events).arg(event.map(Event::encode).unwrap_or_default());
        let acknowledged: i64 = self.bus.send(&script).await?;
        Ok(acknowledged == 1)
    }

    /// Resets the idle time of these entries, so that nobody reclaims them. Returns those that still belong to `consumer`.
    ///
    /// If this fails, work goes on: the lease in the database decides.
    pub async fn renew_entries(&self, consumer: WorkerId, entries: &[String]) -> Result<Vec<String>, Error> {
        let mut renewed = Vec::with_capacity(entries.len());
        for batch in entries.chunks(RENEW_BATCH) {
            let mut script = script::RENEW.with(&self.keys);
            renewed.extend(self.bus.send::<Vec<String>>(script.arg(consumer.to_string()).arg(batch)).await?);
        }
        Ok(renewed)
    }

    /// Gives a reclaimed entry to the worker that holds its job according to the database, as if just delivered.
    pub async fn reassign(&self, delivery: &Delivery, holder: WorkerId) -> Result<(), Error> {
        let mut script = script::REASSIGN.with(&self.keys);
        script.arg(&delivery.entry).arg(delivery.consumer.to_string()).arg(holder.to_string());
        self.bus.send(&script).await
    }

    /// Drops delivered entries that no consumer holds, because their consumer was deleted. Returns how many. The reconciler
    /// enqueues their jobs again unless they have finished. Also gives back places that no job of the queue has.
    pub async fn drop_orphans(&self) -> Result<u64, Error> {
        let (mut last, mut dropped) = ("0-0".to_owned(), 0);
        while !last.is_empty() {
            let (next, count): (String, u64) = self.bus.send(script::DROP_ORPHANS.with(&self.keys).arg(last)).await?;
            last = next;
            dropped += count;
        }
        self.free_orphan_places().await?;
        Ok(dropped)
    }
}
