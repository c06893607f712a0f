//! A worker's place in the group: the entries it is given, and those it takes from the dead.

use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use uuid::Uuid;

use crate::queue::Flow;
use crate::{Bus, CONNECT_TIMEOUT, Error, RESPONSE_TIMEOUT};

pub(crate) const GROUP: &str = "processors";

/// How long a read waits for new entries before it answers with none.
const BLOCK: Duration = Duration::from_secs(2);

/// An entry in someone's hands, until it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The entry's id in the stream.
    pub entry: String,
    /// Whose hands: a worker's id.
    pub consumer: Uuid,
    /// The job.
    pub job: Uuid,
    /// Whose turn it took.
    pub flow: Flow,
}

/// What one pass of reclaiming found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Entries whose holder has not shown itself, now this consumer's.
    pub deliveries: Vec<Delivery>,
    /// Entries that had been deleted while pending; the sweep restores their jobs.
    pub deleted: usize,
}

/// A reader of the stream under a worker's name, with a connection of its own: a blocked one can serve nothing else.
pub struct Consumer {
    bus: Bus,
    id: Uuid,
    connection: Option<MultiplexedConnection>,
}

impl Bus {
    /// A consumer named after the worker `id`.
    #[must_use]
    pub fn consumer(&self, id: impl Into<Uuid>) -> Consumer {
        Consumer { bus: self.clone(), id: id.into(), connection: None }
    }
}

impl Consumer {
    /// The next new entries, at most `count`; none when nothing came for two seconds. What was read makes room, which
    /// is filled at once.
    ///
    /// Must not be dropped while it waits: an entry could be delivered to nobody.
    ///
    /// # Errors
    /// Redis did not answer, or was emptied; the next call starts over.
    pub async fn next(&mut self, count: usize) -> Result<Vec<Delivery>, Error> {
        match self.read(count).await {
            Ok(deliveries) => {
                if !deliveries.is_empty() {
                    self.bus.admit().await?;
                }
                Ok(deliveries)
            }
            Err(error) => {
                self.connection = None;
                if error.is_missing_group() {
                    self.bus.admit().await?;
                    return Ok(Vec::new());
                }
                Err(error)
            }
        }
    }

    /// Takes up to `count` entries whose holder has been silent for `idle`, from anywhere in the stream.
    ///
    /// # Errors
    /// Redis did not answer; what was taken stays in this consumer's name and comes up again once idle.
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
        let mut connection = self.bus.connection().await?;
        let mut command = redis::cmd("XAUTOCLAIM");
        command.arg(&self.bus.keys.jobs).arg(GROUP).arg(self.id.to_string());
        command.arg(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX)).arg(cursor).arg("COUNT").arg(count);
        Ok(command.query_async(&mut connection).await?)
    }

    async fn read(&mut self, count: usize) -> Result<Vec<Delivery>, Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.bus.dedicated_connection().await?),
        };
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(self.id.to_string()).arg("COUNT").arg(count);
        command.arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS").arg(&self.bus.keys.jobs).arg(">");
        let reply: Option<StreamReadReply> = command.query_async(connection).await?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
        Ok(entries.filter_map(|entry| self.delivery(&entry)).collect())
    }

    fn delivery(&self, entry: &StreamId) -> Option<Delivery> {
        let job = entry.get::<String>("job").and_then(|job| Uuid::try_parse(&job).ok());
        let (Some(job), Some(flow)) = (job, entry.get::<String>("flow")) else {
            tracing::error!(entry.id = entry.id, "an entry of the job stream is not ours: it names no job");
            return None;
        };
        Some(Delivery { entry: entry.id.clone(), consumer: self.id, job, flow: Flow::parse(flow) })
    }
}

impl Bus {
    /// A connection for a blocking reader, which may wait longer than any command.
    async fn dedicated_connection(&self) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(BLOCK + RESPONSE_TIMEOUT));
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }
}
