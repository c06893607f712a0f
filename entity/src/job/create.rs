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

/// The jobs of one request, all or none.
#[derive(Clone, Debug)]
pub struct Creation {
    /// The jobs, at least one. All have the same owner.
    pub new: Vec<New>,
    /// The request's idempotency key.
    pub key: Option<Key>,
}

/// Creates the pending jobs of one request. See [`create_each`].
pub async fn create(db: &DatabaseConnection, creation: &Creation) -> Result<Idempotent<Vec<Model>>, DbErr> {
    match create_unrepeated(db, std::slice::from_ref(creation)).await?.pop().flatten() {
        Some(created) => Ok(Idempotent::Created(created)),
        None => create_repeated(db, creation).await,
    }
}

/// Creates the jobs of a request whose key was claimed before, if that no longer counts.
async fn create_repeated(db: &DatabaseConnection, creation: &Creation) -> Result<Idempotent<Vec<Model>>, DbErr> {
    let (Some(first), Some(key)) = (creation.new.first(), &creation.key) else {
        return Ok(Idempotent::Created(Vec::new()));
    };
    let jobs = initial_jobs(creation);
    let tx = database::begin(db).await?;
    match idempotency_key::claim(&tx, first.user_id, key, &ids(&jobs)).await? {
        Idempotent::Created(()) => {}
        Idempotent::Replayed(jobs) => return Ok(Idempotent::Replayed(jobs)),
        Idempotent::Conflict => return Ok(Idempotent::Conflict),
    }
    insert(&tx, &jobs).await?;
    tx.commit().await?;
    Ok(Idempotent::Created(jobs))
}

/// Creates the pending jobs of many requests, in one statement or transaction if possible. Returns the results in the order of
/// the requests.
pub async fn create_each(
    db: DatabaseConnection,
    creations: Vec<Creation>,
) -> Vec<Result<Idempotent<Vec<Model>>, Arc<DbErr>>> {
    let mut results = Vec::with_capacity(creations.len());
    match create_unrepeated(&db, &creations).await {
        Ok(created) => {
            for (creation, created) in creations.iter().zip(created) {
                results.push(match created {
                    Some(jobs) => Ok(Idempotent::Created(jobs)),
                    None => create_repeated(&db, creation).await.map_err(Arc::new),
                });
            }
        }
        // One request is to blame, such as one whose account was just deleted: the others succeed on their own.
        Err(error) if creations.len() > 1 && !database::is_transient(&error) => {
            for creation in &creations {
                results.push(create(&db, creation).await.map_err(Arc::new));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            results.extend(creations.iter().map(|_| Err(error.clone())));
        }
    }
    results
}

/// Creates the jobs of those requests whose keys are new, and of those without a key. Returns `None` for the others.
async fn create_unrepeated(db: &DatabaseConnection, creations: &[Creation]) -> Result<Vec<Option<Vec<Model>>>, DbErr> {
    let jobs: Vec<Vec<Model>> = creations.iter().map(initial_jobs).collect();
    let keyed = creations
        .iter()
        .zip(&jobs)
        .filter_map(|(creation, jobs)| Some((jobs.first()?.user_id, creation.key.as_ref()?, ids(jobs))));
    let keyed: Vec<_> = keyed.collect();
    if keyed.is_empty() {
        insert(db, &jobs.concat()).await?;
        return Ok(jobs.into_iter().map(Some).collect());
    }
    let tx = database::begin(db).await?;
    let mut claimed = idempotency_key::claim_new(&tx, &keyed).await?;
    let mut is_unrepeated = |jobs: &[Model], key: &Option<Key>| match (jobs.first(), key) {
        (Some(job), Some(key)) => claimed.remove(&(job.user_id, key.operation.clone(), key.key.clone())),
        _ => true,
    };
    let created = jobs.into_iter().zip(creations);
    let created = created.map(|(jobs, creation)| is_unrepeated(&jobs, &creation.key).then_some(jobs));
    let created: Vec<Option<Vec<Model>>> = created.collect();
    insert(&tx, &created.iter().flatten().flatten().cloned().collect::<Vec<_>>()).await?;
    tx.commit().await?;
    Ok(created)
}

fn initial_jobs(creation: &Creation) -> Vec<Model> {
    creation.new.iter().cloned().map(initial).collect()
}

fn ids(jobs: &[Model]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

async fn insert<C: ConnectionTrait>(db: &C, jobs: &[Model]) -> Result<(), DbErr> {
    if jobs.is_empty() {
        return Ok(());
    }
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
