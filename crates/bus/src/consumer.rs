//! Consumers of the stream: reading new entries, and reclaiming those of silent consumers.

use std::time::Duration;

use entity::clock::millis;
use entity::{JobId, WorkerId};
use redis::FromRedisValue;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamInfoConsumersReply, StreamReadReply};

use crate::connections::{BLOCK_TIMEOUT, Link};
use crate::keys::GROUP;
use crate::{Delivery, Error, Flow, Queue, script};

/// The result of one pass of reclaiming.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Entries whose consumer was silent for too long; they belong to this consumer now.
    pub deliveries: Vec<Delivery>,
    /// Entries that were deleted while pending; the reconciler enqueues their jobs again.
    pub deleted: usize,
}

/// A member of the consumer group, named after a worker. It has a connection of its own, since a blocking read occupies it.
pub struct Consumer {
    queue: Queue,
    id: WorkerId,
    link: Option<Link>,
}

impl Queue {
    /// A consumer named after the worker `id`.
    #[must_use]
    pub fn consumer(&self, id: WorkerId) -> Consumer {
        Consumer { queue: self.clone(), id, link: None }
    }

    /// The consumers of the group.
    pub async fn consumers(&self) -> Result<Vec<WorkerId>, Error> {
        let mut command = redis::cmd("XINFO");
        command.arg("CONSUMERS").arg(&self.keys.jobs).arg(GROUP);
        let rows: redis::Value = self.bus.send(&command).await?;
        let reply = StreamInfoConsumersReply::from_redis_value(rows).map_err(redis::RedisError::from)?;
        Ok(reply.consumers.into_iter().filter_map(|consumer| consumer.name.parse().ok()).collect())
    }

    /// Gives up what a consumer holds whose worker is gone: its entries count as idle for `idle` from now on, whatever the
    /// server's clock says, so that they are reclaimed at once. A consumer that holds none is deleted. Returns how many
    /// entries it held.
    pub async fn release_consumer(&self, consumer: WorkerId, idle: Duration) -> Result<u64, Error> {
        self.bus.send(script::RELEASE_CONSUMER.with(&self.keys).arg(consumer.to_string()).arg(millis(idle))).await
    }

    /// Deletes a consumer, unless it holds entries.
    pub async fn delete_idle_consumer(&self, consumer: WorkerId) -> Result<(), Error> {
        self.bus.send(script::DELETE_IDLE_CONSUMER.with(&self.keys).arg(consumer.to_string())).await
    }
}

impl Consumer {
    /// Reads up to `count` new entries; none if there are none within two seconds. Then admits as many jobs as this made
    /// room for.
    ///
    /// Do not drop the future while it waits: an entry that Redis has just delivered would stay unread until reclaimed.
    pub async fn next(&mut self, count: usize) -> Result<Vec<Delivery>, Error> {
        match self.read(count).await {
            Ok(deliveries) => {
                if !deliveries.is_empty() {
                    self.queue.admit().await?;
                }
                Ok(deliveries)
            }
            Err(error) => {
                if let Some(link) = self.link.take() {
                    self.queue.bus.connector().report(&link, &error);
                }
                if error.is_missing_group() {
                    // Redis lost its data; admission creates the group.
                    self.queue.admit().await?;
                    return Ok(Vec::new());
                }
                Err(error)
            }
        }
    }

    /// Takes over up to `count` entries whose consumers have been silent for `idle`, from the whole stream.
    ///
    /// If this fails half-way, entries already taken over are reclaimed again once they are idle.
    pub async fn reclaim(&mut self, idle: Duration, count: usize) -> Result<Reclaimed, Error> {
        let mut found = Reclaimed::default();
        let mut cursor = "0-0".to_owned();
        while found.deliveries.len() < count {
            let reply = match self.autoclaim(idle, &cursor, count - found.deliveries.len()).await {
                Err(error) if error.is_missing_group() => return Ok(found),
                other => other?,
            };
            found.deleted += reply.deleted_ids.len();
            found.deliveries.extend(reply.claimed.iter().filter_map(|entry| self.delivery(entry)));
            if reply.next_stream_id == "0-0" {
                break;
            }
            cursor = reply.next_stream_id;
        }
        Ok(found)
    }

    async fn autoclaim(&mut self, idle: Duration, cursor: &str, count: usize) -> Result<StreamAutoClaimReply, Error> {
        let mut command = redis::cmd("XAUTOCLAIM");
        command.arg(&self.queue.keys.jobs).arg(GROUP).arg(self.id.to_string());
        command.arg(millis(idle)).arg(cursor).arg("COUNT").arg(count);
        self.queue.bus.send(&command).await
    }

    async fn read(&mut self, count: usize) -> Result<Vec<Delivery>, Error> {
        let connector = self.queue.bus.connector();
        let link = match &mut self.link {
            Some(link) if connector.is_current(link) => link,
            outdated => outdated.insert(connector.open_reader().await?),
        };
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(self.id.to_string()).arg("COUNT").arg(count);
        command.arg("BLOCK").arg(millis(BLOCK_TIMEOUT)).arg("STREAMS").arg(&self.queue.keys.jobs).arg(">");
        let reply: Option<StreamReadReply> = command.query_async(&mut link.connection).await?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
        Ok(entries.filter_map(|entry| self.delivery(&entry)).collect())
    }

    fn delivery(&self, entry: &StreamId) -> Option<Delivery> {
        let job = entry.get::<String>("job").and_then(|job| job.parse::<JobId>().ok());
        let (Some(job), Some(flow)) = (job, entry.get::<String>("flow")) else {
            tracing::error!(entry.id = entry.id, "ignored an entry of the job stream that names no job");
            return None;
        };
        Some(Delivery { entry: entry.id.clone(), consumer: self.id, job, flow: Flow::from_entry(flow) })
    }
}
