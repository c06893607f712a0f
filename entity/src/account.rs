//! An account as a whole: what it holds, and its end.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use crate::{JobId, UserId, attempt, database, image, job, user, video};

/// A job with all that belongs to it.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// The job.
    pub job: job::Model,
    /// What was sent upstream for it, first to last.
    pub attempts: Vec<attempt::Model>,
    /// Its video, once completed.
    pub video: Option<video::Model>,
}

/// A user's jobs with all that belongs to them, newest first: at most `limit`, those older than `before`.
///
/// # Errors
/// The database did not answer.
pub async fn job_records(
    db: &DatabaseConnection,
    user: UserId,
    before: Option<JobId>,
    limit: u64,
) -> Result<Vec<JobRecord>, DbErr> {
    let mut query = job::Entity::find().filter(job::Column::UserId.eq(user));
    if let Some(before) = before {
        query = query.filter(job::Column::Id.lt(before));
    }
    let jobs = query.order_by_desc(job::Column::Id).limit(limit).all(db).await?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut attempts: HashMap<JobId, Vec<attempt::Model>> = HashMap::new();
    let of_jobs = attempt::Entity::find().filter(attempt::Column::JobId.is_in(ids.iter().copied()));
    for attempt in of_jobs.order_by_asc(attempt::Column::Number).all(db).await? {
        attempts.entry(attempt.job_id).or_default().push(attempt);
    }
    let videos = video::Entity::find().filter(video::Column::JobId.is_in(ids)).all(db).await?;
    let mut videos: HashMap<_, _> = videos.into_iter().map(|video| (video.job_id, video)).collect();
    let whole = |job: job::Model| {
        let attempts = attempts.remove(&job.id).unwrap_or_default();
        JobRecord { attempts, video: videos.remove(&job.id), job }
    };
    Ok(jobs.into_iter().map(whole).collect())
}

/// What a deleted account leaves to be removed.
#[derive(Clone, Debug)]
pub struct DeletedAccount {
    /// Jobs that had not ended.
    pub unfinished: Vec<JobId>,
    /// The places of its videos and pictures in the storage.
    pub paths: Vec<String>,
}

/// Deletes an account with everything that is its own. `None`: there is no such account.
///
/// A worker that has one of its jobs in hand finds the row gone, lets go, and removes what it has stored.
///
/// # Errors
/// The database did not do it; nothing has changed.
pub async fn delete(db: &DatabaseConnection, user: UserId) -> Result<Option<DeletedAccount>, DbErr> {
    let tx = database::begin(db).await?;
    let unfinished = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::UserId.eq(user))
        .filter(job::Column::Status.is_in([job::Status::Pending, job::Status::Processing]))
        .into_tuple()
        .all(&tx)
        .await?;
    let mut paths: Vec<String> = video::Entity::find()
        .filter(video::Column::UserId.eq(user))
        .all(&tx)
        .await?
        .into_iter()
        .flat_map(video::Model::paths)
        .collect();
    let images = image::Entity::find().select_only().column(image::Column::Path);
    paths.extend(images.filter(image::Column::UserId.eq(user)).into_tuple::<String>().all(&tx).await?);
    let deleted = user::Entity::delete_by_id(user).exec(&tx).await?;
    tx.commit().await?;
    Ok((deleted.rows_affected == 1).then_some(DeletedAccount { unfinished, paths }))
}
