//! The queues of all pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::JobId;

use crate::{Bus, Error, Queue};

/// The queues of all pools. Cheap to clone.
#[derive(Clone)]
pub struct Queues {
    bus: Bus,
    pools: Arc<BTreeMap<String, Queue>>,
}

impl Queues {
    /// The queues of `pools`.
    pub fn new<'a>(bus: &Bus, pools: impl IntoIterator<Item = &'a str>) -> Self {
        let pools = pools.into_iter().map(|pool| (pool.to_owned(), bus.queue(pool))).collect();
        Self { bus: bus.clone(), pools: Arc::new(pools) }
    }

    /// The queue of `pool`.
    #[must_use]
    pub fn of_pool(&self, pool: &str) -> Queue {
        self.pools.get(pool).cloned().unwrap_or_else(|| self.bus.queue(pool))
    }

    /// All pools with their queues, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Queue)> {
        self.pools.iter().map(|(pool, queue)| (pool.as_str(), queue))
    }

    /// Removes a job from every queue: a job whose model was moved to another pool can be in two.
    pub async fn remove(&self, job: JobId) -> Result<(), Error> {
        for queue in self.pools.values() {
            queue.remove(job).await?;
        }
        Ok(())
    }

    /// 1-based positions, each in the backlog of its pool, in the order of `jobs`; `None` for a job that is in no backlog.
    pub async fn positions(&self, jobs: &[JobId]) -> Result<Vec<Option<u64>>, Error> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for job in jobs {
            for queue in self.pools.values() {
                pipe.zrank(&queue.keys.backlog, job.to_string());
            }
        }
        let ranks: Vec<Option<u64>> = self.bus.send(&pipe).await?;
        let of_job = ranks.chunks(self.pools.len().max(1));
        Ok(of_job.map(|ranks| ranks.iter().flatten().min().map(|rank| rank + 1)).collect())
    }

    /// The number of jobs in all backlogs, and in all streams.
    pub async fn depth(&self) -> Result<(u64, u64), Error> {
        let (mut waiting, mut in_flight) = (0, 0);
        for queue in self.pools.values() {
            let (backlog, stream) = queue.depth().await?;
            waiting += backlog;
            in_flight += stream;
        }
        Ok((waiting, in_flight))
    }
}
