//! Transitions by a job's owner, or by an administrator in the owner's place: cancel, restart, fetch again, delete.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{QuerySelect, UpdateMany};

use super::update::{charged, charged_without_result, committed, finished, may_finish, next_epoch, next_seq};
use super::{Column, Entity, Model, Phase, Status, of_user};
use crate::idempotency_key::{self, Idempotent, Key};
use crate::{AttemptId, JobId, UserId, attempt, attempt_result, charge, clock, database, video};

/// The result of cancelling a job.
#[derive(Clone, Debug)]
pub enum CancelResult {
    /// The job was waiting and is cancelled.
    Cancelled(Model),
    /// The job is being processed and its worker will finish it; the row as committed.
    Requested(Model),
    /// The job had finished before; the row as it is.
    AlreadyFinished(Model),
}

/// How often [`cancel`] tries again because the job moved between pending and processing.
const CANCEL_ATTEMPTS: usize = 3;

/// Cancels a user's job, or asks its worker to. Returns `None` if the user has no such job.
pub async fn cancel(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<CancelResult>, DbErr> {
    let backend = db.get_database_backend();
    for _ in 0..CANCEL_ATTEMPTS {
        let waiting = finished(next_seq(), Status::Cancelled, backend)
            .col_expr(Column::CancelRequestedAt, clock::now(backend))
            .filter(is_job_of(id, user))
            .filter(Column::Status.eq(Status::Pending));
        if let Some(job) = may_finish(db, waiting).await? {
            return Ok(Some(CancelResult::Cancelled(job)));
        }
        let running = next_seq()
            .col_expr(Column::CancelRequestedAt, clock::now(backend))
            .filter(is_job_of(id, user))
            .filter(Column::Status.eq(Status::Processing))
            .filter(Column::CancelRequestedAt.is_null());
        if let Some(job) = committed(db, running).await? {
            return Ok(Some(CancelResult::Requested(job)));
        }
        match of_user(db, id, user).await? {
            None => return Ok(None),
            Some(job) if job.status.is_terminal() => return Ok(Some(CancelResult::AlreadyFinished(job))),
            Some(job) if job.status == Status::Processing => return Ok(Some(CancelResult::Requested(job))),
            // It returned to the queue between the two updates.
            Some(_) => {}
        }
    }
    Err(DbErr::Custom("the job kept changing between pending and processing while it was being cancelled".into()))
}

/// Restarts a failed or cancelled job: resets its budgets and counters. Earlier attempts stay recorded and no longer count.
/// Returns `None` within if the user has no such job, or if it is in another state. Uses the client's idempotency key, if
/// there is one.
pub async fn restart(
    db: &DatabaseConnection,
    id: JobId,
    user: UserId,
    key: Option<&Key>,
) -> Result<Idempotent<Option<Model>>, DbErr> {
    let tx = database::begin(db).await?;
    if let Some(key) = key {
        match idempotency_key::claim(&tx, user, key, &[id]).await? {
            Idempotent::Created(()) => {}
            Idempotent::Replayed(jobs) => return Ok(Idempotent::Replayed(jobs)),
            Idempotent::Conflict => return Ok(Idempotent::Conflict),
        }
    }
    let next_number = Query::select()
        .expr(Expr::expr(Func::coalesce([Expr::col(attempt::Column::Number).max(), Expr::val(0)])).add(1))
        .from(attempt::Entity)
        .and_where(Expr::col((attempt::Entity, attempt::Column::JobId)).equals((Entity, Column::Id)))
        .take();
    let counters = [Column::Progress, Column::Retries, Column::Resubmits, Column::Fetches, Column::Crashes];
    let update = counters.into_iter().fold(pending_again(), |update, column| update.col_expr(column, Expr::value(0)));
    let update = update
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::AttemptsFrom, Expr::SubQuery(None, Box::new(next_number.into())))
        .filter(is_job_of(id, user))
        .filter(Column::Status.is_in([Status::Failed, Status::Cancelled]));
    let job = committed(&tx, update).await?;
    if job.is_some() {
        tx.commit().await?;
    }
    Ok(Idempotent::Created(job))
}

/// Downloads a result again that could not be downloaded, without a new request. Returns `None` if the user has no such
/// job, or if it did not fail for this reason.
pub async fn refetch(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<Model>, DbErr> {
    let update = pending_again()
        .col_expr(Column::Fetches, Expr::value(0))
        .col_expr(Column::MayHaveBeenCharged, charged_without_result())
        .filter(is_job_of(id, user))
        .filter(Column::Status.eq(Status::Failed))
        .filter(Column::ErrorCode.eq("unfetchable"));
    committed(db, update).await
}

/// The result of adding an address to an attempt.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "exists for one match on the stack of one task")]
pub enum ResultAdded {
    /// The job waits to download it; the row as committed.
    Queued(Model),
    /// The job has no such attempt.
    NotFound,
    /// The job has not failed.
    NotFailed,
}

/// Adds an address that an administrator found to an attempt of a failed job, and queues the job to download it. Nothing is
/// submitted.
pub async fn add_result(
    db: &DatabaseConnection,
    id: JobId,
    attempt: AttemptId,
    url: &str,
    admin: UserId,
) -> Result<ResultAdded, DbErr> {
    let tx = database::begin(db).await?;
    let found = attempt::Entity::find_by_id(attempt).filter(attempt::Column::JobId.eq(id)).one(&tx).await?;
    let Some(found) = found else { return Ok(ResultAdded::NotFound) };
    // The attempt counts again, even if the job was restarted after it.
    let from = Expr::case(Expr::col(Column::AttemptsFrom).lt(found.number), Expr::col(Column::AttemptsFrom));
    let update = pending_again()
        .col_expr(Column::Fetches, Expr::value(0))
        .col_expr(Column::AttemptsFrom, from.finally(found.number).into())
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Failed));
    let Some(_) = committed(&tx, update).await? else { return Ok(ResultAdded::NotFailed) };
    attempt_result::insert(&tx, attempt, url, attempt_result::ADMIN, Some(admin)).await?;
    attempt::record_result_url(&tx, attempt, url).await?;
    let charged =
        Entity::update_many().col_expr(Column::MayHaveBeenCharged, charged_without_result()).filter(Column::Id.eq(id));
    let job = committed(&tx, charged).await?;
    tx.commit().await?;
    Ok(job.map_or(ResultAdded::NotFound, ResultAdded::Queued))
}

/// A deleted job, and the files that the caller must delete.
#[derive(Clone, Debug)]
pub struct DeletedJob {
    /// The row as it was.
    pub job: Model,
    /// Paths of its video and poster in the storage.
    pub paths: Vec<String>,
}

/// Deletes a finished job with its attempts and its video's row; what it may have cost stays on record. Returns `None` if the user has no such job, or if it has
/// not finished.
pub async fn delete(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<DeletedJob>, DbErr> {
    let tx = database::begin(db).await?;
    let video = video::Entity::find().filter(video::Column::JobId.eq(id)).one(&tx).await?;
    let paths = video.map(video::Model::paths).unwrap_or_default();
    let finished = is_job_of(id, user).and(Column::Status.is_in(Status::TERMINAL));
    if Entity::find().filter(finished).lock_exclusive().one(&tx).await?.is_none() {
        return Ok(None);
    }
    charge::keep(&tx, is_job_of(id, user)).await?;
    let deleted = Entity::delete_many().filter(is_job_of(id, user)).exec_with_returning(&tx).await?;
    tx.commit().await?;
    Ok(deleted.into_iter().next().map(|job| DeletedJob { job, paths }))
}

fn is_job_of(id: JobId, user: UserId) -> Expr {
    Column::Id.eq(id).and(Column::UserId.eq(user))
}

/// Makes a finished job pending, under a new epoch.
fn pending_again() -> UpdateMany<Entity> {
    next_epoch(next_seq())
        .col_expr(Column::Status, Expr::value(Status::Pending))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .col_expr(Column::CancelRequestedAt, Expr::value(None::<i64>))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::ErrorCode, Expr::value(None::<String>))
        .col_expr(Column::ErrorMessage, Expr::value(None::<String>))
        .col_expr(Column::StartedAt, Expr::value(None::<i64>))
        .col_expr(Column::FinishedAt, Expr::value(None::<i64>))
}
