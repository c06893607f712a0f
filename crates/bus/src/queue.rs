//! Putting jobs in line and taking them out.

use std::time::Duration;

use redis::{AsyncCommands, FromRedisValue};
use uuid::Uuid;

use crate::consumer::Delivery;
use crate::{Bus, Error, Event, script};

/// Whose turn a job takes: flows are served in turn, so one user's thousand jobs do not stand before another's one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flow(String);

impl Flow {
    /// A user's new jobs.
    #[must_use]
    pub fn new_jobs(user: impl Into<Uuid>) -> Self {
        Self(user.into().to_string())
    }

    /// A user's retries: a flow of their own, or they would stand behind their owner's whole backlog.
    #[must_use]
    pub fn retries(user: impl Into<Uuid>) -> Self {
        Self(format!("{}/r", user.into()))
    }

    pub(crate) fn parse(text: String) -> Self {
        Self(text)
    }

    /// As the keys hold it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// By its flow's turn.
    FairTurn,
    /// Before all others: work that was begun and is handed over.
    Front,
}

/// What came of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// False: Redis really held the job already.
    pub added: bool,
    /// 1-based place in line; `None` when admitted or in hand.
    pub position: Option<u64>,
}

/// The mirror of the `limits` row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs in flight everywhere; 0 = no cap.
    pub cap: u32,
    /// Whether admission is halted.
    pub paused: bool,
}

/// How many admitted entries may wait undelivered. Small, because their order is no longer fair once admitted.
const TARGET: u32 = 8;

/// Most entries a script works on.
const BATCH: usize = 100;

impl Bus {
    /// Puts a job in line, unless Redis really holds it already. Safe to repeat.
    ///
    /// # Errors
    /// Redis did not take it; the job's row stays, and the sweep enqueues it.
    pub async fn enqueue(&self, job: impl Into<Uuid>, flow: &Flow, place: Position) -> Result<Enqueued, Error> {
        let front = if place == Position::Front { "1" } else { "0" };
        let (added, rank): (i64, i64) = script::ENQUEUE
            .with(&self.keys)
            .arg(job.into().to_string())
            .arg(flow.as_str())
            .arg(front)
            .invoke_async(&mut self.connection().await?)
            .await?;
        Ok(Enqueued { added: added == 1, position: u64::try_from(rank + 1).ok().filter(|position| *position > 0) })
    }

    /// Admits what the limits allow; answers how many.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn admit(&self) -> Result<u64, Error> {
        Ok(script::ADMIT.with(&self.keys).invoke_async(&mut self.connection().await?).await?)
    }

    /// Ends a delivery and publishes the job's committed state in the same step. False: the entry was no longer this
    /// consumer's, and stays.
    ///
    /// # Errors
    /// Redis did not answer; to be repeated, which is safe.
    pub async fn ack_and_publish(&self, delivery: &Delivery, event: Option<&Event>) -> Result<bool, Error> {
        let settled: i64 = script::ACKNOWLEDGE
            .with(&self.keys)
            .arg(&delivery.entry)
            .arg(delivery.consumer.to_string())
            .arg(&self.keys.events)
            .arg(event.map(Event::encode).unwrap_or_default())
            .invoke_async(&mut self.connection().await?)
            .await?;
        Ok(settled == 1)
    }

    /// Takes a job out of line or out of hand: it was cancelled, or its owner starts it anew.
    ///
    /// # Errors
    /// Redis did not answer; to be repeated, which is safe.
    pub async fn remove(&self, job: impl Into<Uuid>) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        Ok(script::REMOVE.with(&self.keys).arg(job.into().to_string()).invoke_async::<()>(&mut connection).await?)
    }

    /// Shows Redis that these deliveries are being worked on; answers those that still are this consumer's.
    ///
    /// # Errors
    /// Redis did not answer. Work goes on: the lease in the database is what counts.
    pub async fn renew_entries(&self, consumer: Uuid, entries: &[String]) -> Result<Vec<String>, Error> {
        let mut mine = Vec::with_capacity(entries.len());
        for batch in entries.chunks(BATCH) {
            let mut connection = self.connection().await?;
            let mut script = script::RENEW.with(&self.keys);
            script.arg(consumer.to_string()).arg(batch);
            mine.extend(script.invoke_async::<Vec<String>>(&mut connection).await?);
        }
        Ok(mine)
    }

    /// Leaves a reclaimed entry to the worker that has its job on record. `idle` is how long it counts as silent from now
    /// on: zero for one that lives, the time after which entries are reclaimed for one that does not.
    ///
    /// # Errors
    /// Redis did not answer; the entry comes up again at the next reclaiming.
    pub async fn reassign(&self, delivery: &Delivery, holder: impl Into<Uuid>, idle: Duration) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        let mut script = script::REASSIGN.with(&self.keys);
        script.arg(&delivery.entry).arg(delivery.consumer.to_string()).arg(holder.into().to_string());
        script.arg(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        Ok(script.invoke_async::<()>(&mut connection).await?)
    }

    /// Drops entries that were delivered and are pending for nobody, because their consumer was deleted under them; answers
    /// how many. Jobs among them that have not ended are the sweep's to put in line again.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn drop_orphans(&self) -> Result<u64, Error> {
        let (mut last, mut dropped) = ("0-0".to_owned(), 0);
        while !last.is_empty() {
            let mut connection = self.connection().await?;
            let found: (String, u64) =
                script::DROP_ORPHANS.with(&self.keys).arg(last).invoke_async(&mut connection).await?;
            last = found.0;
            dropped += found.1;
        }
        Ok(dropped)
    }

    /// 1-based places in line, in the order asked; `None` for a job that does not wait.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn positions(&self, jobs: &[Uuid]) -> Result<Vec<Option<u64>>, Error> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for job in jobs {
            pipe.zrank(&self.keys.backlog, job.to_string());
        }
        let ranks: Vec<Option<u64>> = pipe.query_async(&mut self.connection().await?).await?;
        Ok(ranks.into_iter().map(|rank| rank.map(|rank| rank + 1)).collect())
    }

    /// How many jobs Redis holds: waiting in the backlog, and admitted.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn depth(&self) -> Result<(u64, u64), Error> {
        let mut pipe = redis::pipe();
        pipe.zcard(&self.keys.backlog).xlen(&self.keys.jobs);
        Ok(pipe.query_async(&mut self.connection().await?).await?)
    }

    /// Whether Redis knows limits; if not, it has lost its data or never had any.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn has_limits(&self) -> Result<bool, Error> {
        Ok(self.connection().await?.exists(&self.keys.limits).await?)
    }

    /// Mirrors the limits in force and admits what they allow.
    ///
    /// # Errors
    /// Redis did not take them.
    pub async fn mirror_limits(&self, limits: Limits) -> Result<(), Error> {
        let fields = [("cap", limits.cap), ("paused", u32::from(limits.paused)), ("target", TARGET)];
        self.connection().await?.hset_multiple::<_, _, _, ()>(&self.keys.limits, &fields).await?;
        self.admit().await.map(drop)
    }

    /// The consumers of the group that hold nothing.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn idle_consumers(&self) -> Result<Vec<Uuid>, Error> {
        let mut connection = self.connection().await?;
        let rows: redis::Value = redis::cmd("XINFO")
            .arg("CONSUMERS")
            .arg(&self.keys.jobs)
            .arg(crate::consumer::GROUP)
            .query_async(&mut connection)
            .await?;
        let reply =
            redis::streams::StreamInfoConsumersReply::from_redis_value(rows).map_err(redis::RedisError::from)?;
        let idle = reply.consumers.into_iter().filter(|consumer| consumer.pending == 0);
        Ok(idle.filter_map(|consumer| Uuid::try_parse(&consumer.name).ok()).collect())
    }

    /// Deletes a consumer, if it holds nothing.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn delete_idle_consumer(&self, consumer: impl Into<Uuid>) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        Ok(script::DELETE_IDLE_CONSUMER
            .with(&self.keys)
            .arg(consumer.into().to_string())
            .invoke_async::<()>(&mut connection)
            .await?)
    }
}
