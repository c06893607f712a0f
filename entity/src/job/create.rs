//! Creating jobs. The committed row is the outbox: once it exists, the job reaches a final state, with or without Redis.

use std::sync::Arc;

use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::{Entity, Model, Orientation, Status};
use crate::id::new_id;
use crate::idempotency_key::{self, Idempotent, Key};
use crate::{ImageId, JobId, UserId, clock, database};

/// The content of a new job.
#[derive(Clone, Debug)]
pub struct New {
    /// The owner.
    pub user_id: UserId,
    /// Stored exactly as it is.
    pub prompt: String,
    /// The video's orientation.
    pub orientation: Orientation,
    /// The video's length in seconds.
    pub seconds: i32,
    /// One of `/api/models`.
    pub model: String,
    /// A size of the model, such as `1280x720`.
    pub size: String,
    /// A job of the same user.
    pub remix_of: Option<JobId>,
    /// An image of the same user.
    pub reference_image_id: Option<ImageId>,
    /// The request's trace context.
    pub traceparent: Option<String>,
}

/// Creates `count` pending jobs, all or none, under the client's idempotency key.
pub async fn create(
    db: &DatabaseConnection,
    new: &New,
    count: usize,
    key: &Key,
) -> Result<Idempotent<Vec<Model>>, DbErr> {
    let jobs: Vec<Model> = (0..count).map(|_| initial(new.clone())).collect();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let tx = database::begin(db).await?;
    match idempotency_key::claim(&tx, new.user_id, key, &ids).await? {
        Idempotent::Created(()) => {}
        Idempotent::Replayed(jobs) => return Ok(Idempotent::Replayed(jobs)),
        Idempotent::Conflict => return Ok(Idempotent::Conflict),
    }
    insert(&tx, &jobs).await?;
    tx.commit().await?;
    Ok(Idempotent::Created(jobs))
}

/// Creates pending jobs, all or none, in one statement. Returns them in the order of `new`.
pub async fn create_all(db: &DatabaseConnection, new: Vec<New>) -> Result<Vec<Model>, DbErr> {
    let jobs: Vec<Model> = new.into_iter().map(initial).collect();
    if !jobs.is_empty() {
        insert(db, &jobs).await?;
    }
    Ok(jobs)
}

/// Creates the jobs of many requests, for each request all or none, in one statement if possible. Returns the results in the
/// order of `requests`.
pub async fn create_each(db: DatabaseConnection, requests: Vec<Vec<New>>) -> Vec<Result<Vec<Model>, Arc<DbErr>>> {
    let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
    match create_all(&db, requests.concat()).await {
        Ok(jobs) => {
            let mut jobs = jobs.into_iter();
            counts.into_iter().map(|count| Ok(jobs.by_ref().take(count).collect())).collect()
        }
        // One request is to blame, such as one whose account was just deleted: the others succeed on their own.
        Err(error) if requests.len() > 1 && !database::is_transient(&error) => {
            let mut results = Vec::with_capacity(requests.len());
            for request in requests {
                results.push(create_all(&db, request).await.map_err(Arc::new));
            }
            results
        }
        Err(error) => {
            let error = Arc::new(error);
            counts.iter().map(|_| Err(error.clone())).collect()
        }
    }
}

async fn insert<C: ConnectionTrait>(db: &C, jobs: &[Model]) -> Result<(), DbErr> {
    let rows = jobs.iter().map(|job| job.clone().into_active_model().reset_all());
    Entity::insert_many(rows).exec_without_returning(db).await.map(drop)
}

/// The row of a job that was just created.
fn initial(new: New) -> Model {
    Model {
        id: new_id(),
        user_id: new.user_id,
        prompt: new.prompt,
        orientation: new.orientation,
        seconds: new.seconds,
        model: new.model,
        size: new.size,
        remix_of: new.remix_of,
        reference_image_id: new.reference_image_id,
        status: Status::Pending,
        phase: None,
        progress: 0,
        seq: 1,
        epoch: 0,
        worker_id: None,
        retries: 0,
        resubmits: 0,
        fetches: 0,
        crashes: 0,
        attempts_from: 1,
        cancel_requested_at: None,
        next_attempt_at: None,
        video_id: None,
        has_poster: false,
        error_code: None,
        error_message: None,
        may_have_been_charged: false,
        traceparent: new.traceparent,
        created_at: clock::system_ms(),
        started_at: None,
        finished_at: None,
    }
}
