//! Statements and commands that concurrent requests share: creating, enqueueing and reading jobs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bus::{Enqueued, MAX_ENQUEUED, Queues, Submitted};
use entity::idempotency_key::Idempotent;
use entity::job::{self, Creation, Model};
use entity::{DatabaseConnection, DbErr, JobId, UserId};
use service::batch::Batcher;

use crate::error::ApiError;

/// Maximum number of batches of a kind at a time; a part of the connections to the database.
const PARALLEL: usize = 2;

/// Maximum number of requests that create jobs, in a batch. Each creates a few.
const MAX_CREATIONS: usize = 64;

/// Maximum number of jobs that are read in a batch.
const MAX_READS: usize = 128;

/// The batchers.
pub(crate) struct Batches {
    creations: Batcher<Creation, Result<Idempotent<Vec<Model>>, Arc<DbErr>>>,
    enqueues: Batcher<(String, Submitted), Result<Enqueued, Arc<bus::Error>>>,
    reads: Batcher<JobId, Result<Option<Model>, Arc<DbErr>>>,
}

impl Batches {
    /// Starts the batchers.
    pub(crate) fn start(db: &DatabaseConnection, queues: &Queues) -> Self {
        let (writes, reads, queues) = (db.clone(), db.clone(), queues.clone());
        Self {
            creations: Batcher::start(PARALLEL, MAX_CREATIONS, move |requests| {
                job::create_each(writes.clone(), requests)
            }),
            enqueues: Batcher::start(PARALLEL, MAX_ENQUEUED, move |jobs| enqueue(queues.clone(), jobs)),
            reads: Batcher::start(PARALLEL, MAX_READS, move |ids| read(reads.clone(), ids)),
        }
    }

    /// Creates the jobs of a request, all or none.
    pub(crate) async fn create(
        &self,
        creation: Creation,
    ) -> Result<Result<Idempotent<Vec<Model>>, Arc<DbErr>>, ApiError> {
        Ok(self.creations.send(creation).await?)
    }

    /// Adds a job to the backlog of `pool` and publishes its state.
    pub(crate) async fn enqueue(&self, pool: String, job: Submitted) -> Result<Enqueued, ApiError> {
        self.enqueues.send((pool, job)).await?.map_err(ApiError::unavailable)
    }

    /// Returns a job of `user` as it is in the database now.
    pub(crate) async fn read(&self, id: JobId, user: UserId) -> Result<Option<Model>, ApiError> {
        let job = self.reads.send(id).await?.map_err(ApiError::unavailable)?;
        Ok(job.filter(|job| job.user_id == user))
    }
}

/// Enqueues the jobs of each pool at once.
async fn enqueue(queues: Queues, jobs: Vec<(String, Submitted)>) -> Vec<Result<Enqueued, Arc<bus::Error>>> {
    let mut by_pool: BTreeMap<String, (Vec<usize>, Vec<Submitted>)> = BTreeMap::new();
    let mut results = Vec::with_capacity(jobs.len());
    for (at, (pool, job)) in jobs.into_iter().enumerate() {
        let (positions, jobs) = by_pool.entry(pool).or_default();
        positions.push(at);
        jobs.push(job);
    }
    for (pool, (positions, jobs)) in by_pool {
        match queues.of_pool(&pool).enqueue_and_publish(&jobs).await {
            Ok(enqueued) => results.extend(positions.into_iter().zip(enqueued.into_iter().map(Ok))),
            Err(error) => {
                let error = Arc::new(error);
                results.extend(positions.into_iter().map(|at| (at, Err(error.clone()))));
            }
        }
    }
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

async fn read(db: DatabaseConnection, ids: Vec<JobId>) -> Vec<Result<Option<Model>, Arc<DbErr>>> {
    match job::by_ids(&db, ids.clone()).await {
        Ok(jobs) => {
            let jobs: HashMap<JobId, Model> = jobs.into_iter().map(|job| (job.id, job)).collect();
            ids.iter().map(|id| Ok(jobs.get(id).cloned())).collect()
        }
        Err(error) => {
            let error = Arc::new(error);
            ids.iter().map(|_| Err(error.clone())).collect()
        }
    }
}
