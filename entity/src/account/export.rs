//! A user's jobs with their attempts and videos, for the export of an account.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use crate::{JobId, UserId, attempt, job, video};

/// A job with all its records.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// The job.
    pub job: job::Model,
    /// Its attempts, in order.
    pub attempts: Vec<attempt::Model>,
    /// Its video, once completed.
    pub video: Option<video::Model>,
}

/// Up to `limit` jobs of a user with all their records, newest first; only those older than `before`, if given.
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
    let record = |job: job::Model| {
        let attempts = attempts.remove(&job.id).unwrap_or_default();
        JobRecord { attempts, video: videos.remove(&job.id), job }
    };
    Ok(jobs.into_iter().map(record).collect())
}
