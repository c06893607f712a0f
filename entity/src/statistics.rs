//! Figures for administrators and metrics. Each is one query that an index serves.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{PaginatorTrait, QuerySelect};

use crate::job::Status;
use crate::{WorkerId, clock, job, submission, user, worker};

/// One day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The state of the platform.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// Pending jobs.
    pub waiting: u64,
    /// Jobs that workers are processing.
    pub in_flight: u64,
    /// Jobs completed within 24 hours.
    pub completed: u64,
    /// Jobs failed within 24 hours.
    pub failed: u64,
    /// Jobs cancelled within 24 hours.
    pub cancelled: u64,
    /// Jobs that failed because their workers kept crashing.
    pub poisoned: u64,
    /// Requests sent upstream since midnight UTC.
    pub submissions_today: u64,
    /// Accounts.
    pub users: u64,
    /// When the oldest pending job was created, epoch ms.
    pub oldest_waiting: Option<i64>,
    /// Registered workers, each with the number of its jobs.
    pub workers: Vec<(worker::Model, u64)>,
}

/// Reads the figures of the administration page.
pub async fn read(db: &DatabaseConnection) -> Result<Statistics, DbErr> {
    let now = clock::system_ms();
    let [completed, failed, cancelled] = finished_counts(db, now - DAY_MS).await?;
    let running: Vec<(WorkerId, i64)> = job::Entity::find()
        .select_only()
        .column(job::Column::WorkerId)
        .column_as(job::Column::Id.count(), "jobs")
        .filter(job::Column::WorkerId.is_not_null())
        .group_by(job::Column::WorkerId)
        .into_tuple()
        .all(db)
        .await?;
    let jobs_of = |worker: &worker::Model| {
        running.iter().find(|(id, _)| *id == worker.id).and_then(|(_, jobs)| u64::try_from(*jobs).ok()).unwrap_or(0)
    };
    let workers = worker::Entity::find().all(db).await?.into_iter().map(|row| (jobs_of(&row), row));
    Ok(Statistics {
        waiting: job::Entity::find().filter(job::is_pending()).count(db).await?,
        in_flight: running.iter().filter_map(|(_, jobs)| u64::try_from(*jobs).ok()).sum(),
        completed,
        failed,
        cancelled,
        poisoned: job::Entity::find().filter(job::is_poisoned()).count(db).await?,
        submissions_today: u64::try_from(submission::overall_today(db).await?).unwrap_or(0),
        users: user::Entity::find().count(db).await?,
        oldest_waiting: job::oldest_pending(db).await?.map(|job| job.created_at),
        workers: workers.map(|(jobs, row)| (row, jobs)).collect(),
    })
}

/// The current load, read every few seconds for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Pending jobs.
    pub waiting: u64,
    /// Jobs that workers are processing.
    pub in_flight: u64,
    /// Jobs that failed because their workers kept crashing.
    pub poisoned: u64,
    /// When the oldest pending job was created, epoch ms.
    pub oldest_waiting: Option<i64>,
    /// Workers whose lease has not expired.
    pub workers: u64,
}

/// Reads the current load.
pub async fn load(db: &DatabaseConnection) -> Result<Load, DbErr> {
    Ok(Load {
        waiting: job::Entity::find().filter(job::is_pending()).count(db).await?,
        in_flight: job::Entity::find().filter(job::Column::WorkerId.is_not_null()).count(db).await?,
        poisoned: job::Entity::find().filter(job::is_poisoned()).count(db).await?,
        oldest_waiting: job::oldest_pending(db).await?.map(|job| job.created_at),
        workers: worker::Entity::find().filter(worker::has_lease(db)).count(db).await?,
    })
}

async fn finished_counts(db: &DatabaseConnection, since: i64) -> Result<[u64; 3], DbErr> {
    let finished: Vec<(Status, i64)> = job::Entity::find()
        .select_only()
        .column(job::Column::Status)
        .column_as(job::Column::Id.count(), "jobs")
        .filter(job::Column::FinishedAt.is_not_null().and(job::Column::FinishedAt.gte(since)))
        .group_by(job::Column::Status)
        .into_tuple()
        .all(db)
        .await?;
    let of = |status| finished.iter().find(|(finished, _)| *finished == status).map_or(0, |(_, jobs)| *jobs);
    Ok([Status::Completed, Status::Failed, Status::Cancelled].map(|status| u64::try_from(of(status)).unwrap_or(0)))
}

/// The number of pending jobs of a user.
pub async fn pending_count_of(db: &DatabaseConnection, user: crate::UserId) -> Result<u64, DbErr> {
    job::Entity::find()
        .filter(job::Column::UserId.eq(user))
        .filter(job::Column::Status.eq(Status::Pending))
        .count(db)
        .await
}

/// The unfinished jobs of a user for which nothing is reserved or spent yet, by model and length.
pub async fn unpaid_of(db: &DatabaseConnection, user: crate::UserId) -> Result<Vec<(String, i32, i64)>, DbErr> {
    job::Entity::find()
        .select_only()
        .columns([job::Column::Model, job::Column::Seconds])
        .column_as(job::Column::Id.count(), "jobs")
        .filter(job::Column::UserId.eq(user))
        .filter(job::Column::Status.is_in(Status::UNFINISHED))
        .filter(job::charged_since_restart().not())
        .group_by(job::Column::Model)
        .group_by(job::Column::Seconds)
        .into_tuple()
        .all(db)
        .await
}

/// The number of jobs of each of these users.
pub async fn job_counts(
    db: &DatabaseConnection,
    users: Vec<crate::UserId>,
) -> Result<std::collections::HashMap<crate::UserId, u64>, DbErr> {
    let counts: Vec<(crate::UserId, i64)> = job::Entity::find()
        .select_only()
        .column(job::Column::UserId)
        .column_as(job::Column::Id.count(), "jobs")
        .filter(job::Column::UserId.is_in(users))
        .group_by(job::Column::UserId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(user, jobs)| (user, u64::try_from(jobs).unwrap_or(0))).collect())
}
