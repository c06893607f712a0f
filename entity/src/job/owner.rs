//! Transitions by a job's owner: cancel, start anew, fetch again, delete.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};

use super::transition::{charged, charged_without_result, committed, next_seq};
use super::{Column, Entity, Model, Phase, Status, of_user};
use crate::idempotency_key::{self, Idempotent, Key};
use crate::{AttemptId, JobId, UserId, attempt, attempt_result, clock, database, video};

/// What came of a wish to cancel.
#[derive(Clone, Debug)]
pub enum CancelResult {
    /// It was waiting and is cancelled.
    Cancelled(Model),
    /// A worker has it in hand and will end it; the row as committed.
    Requested(Model),
    /// It had ended before; the row as it stands.
    AlreadyFinished(Model),
}

/// Cancels a user's job, or asks the worker that has it in hand to. `None`: the user has no such job.
///
/// # Errors
/// The database did not do it.
pub async fn cancel(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<CancelResult>, DbErr> {
    let now = || clock::now(db.get_database_backend());
    // A job can change hands between the two updates; then the first one fits again.
    for _ in 0..3 {
        let waiting = next_seq(Entity::update_many())
            .col_expr(Column::Status, Expr::value(Status::Cancelled))
            .col_expr(Column::Phase, Expr::value(None::<Phase>))
            .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
            .col_expr(Column::CancelRequestedAt, now())
            .col_expr(Column::FinishedAt, now())
            .col_expr(Column::MayHaveBeenCharged, charged())
            .filter(of(id, user))
            .filter(Column::Status.eq(Status::Pending));
        if let Some(job) = committed(db, waiting).await? {
            return Ok(Some(CancelResult::Cancelled(job)));
        }
        let in_hand = next_seq(Entity::update_many())
            .col_expr(Column::CancelRequestedAt, now())
            .filter(of(id, user))
            .filter(Column::Status.eq(Status::Processing))
            .filter(Column::CancelRequestedAt.is_null());
        if let Some(job) = committed(db, in_hand).await? {
            return Ok(Some(CancelResult::Requested(job)));
        }
        match of_user(db, id, user).await? {
            None => return Ok(None),
            Some(job) if job.status.is_terminal() => return Ok(Some(CancelResult::AlreadyFinished(job))),
            Some(job) if job.status == Status::Processing => return Ok(Some(CancelResult::Requested(job))),
            Some(_) => {}
        }
    }
    Err(DbErr::Custom("a job kept changing hands while it was to be cancelled".into()))
}

/// Starts a failed or cancelled job anew: budgets, counters and wishes are cleared; earlier attempts stay on record and
/// no longer count. `None`: the user has no such job, or it is in another state. Under a client's key, if there is one.
///
/// # Errors
/// The database did not do it.
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
    let zero = [Column::Progress, Column::Retries, Column::Resubmits, Column::Fetches, Column::Crashes];
    let update = zero.into_iter().fold(waiting_again(), |update, column| update.col_expr(column, Expr::value(0)));
    let update = update
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::AttemptsFrom, Expr::SubQuery(None, Box::new(next_number.into())))
        .filter(of(id, user))
        .filter(Column::Status.is_in([Status::Failed, Status::Cancelled]));
    let job = committed(&tx, update).await?;
    if job.is_some() {
        tx.commit().await?;
    }
    Ok(Idempotent::Created(job))
}

/// Tries the download of a result again that could not be fetched, without a new request. `None`: the user has no such
/// job, or it did not fail over that.
///
/// # Errors
/// The database did not do it.
pub async fn refetch(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<Model>, DbErr> {
    let update = waiting_again()
        .col_expr(Column::Fetches, Expr::value(0))
        .col_expr(Column::MayHaveBeenCharged, charged_without_result())
        .filter(of(id, user))
        .filter(Column::Status.eq(Status::Failed))
        .filter(Column::ErrorCode.eq("unfetchable"));
    committed(db, update).await
}

/// What came of adding an address to an attempt.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "lives for one match on one task's stack")]
pub enum ResultAdded {
    /// The job waits to download it; the row as committed.
    Queued(Model),
    /// There is no such attempt of this job.
    NotFound,
    /// The job has not failed.
    NotFailed,
}

/// Adds an address to an attempt of a failed job, as `admin` found it, and queues the job to download it. Nothing is
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
    let update = waiting_again()
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

/// What a deleted job leaves to be removed.
#[derive(Clone, Debug)]
pub struct DeletedJob {
    /// The row as it was.
    pub job: Model,
    /// The places of its video and poster in the storage.
    pub paths: Vec<String>,
}

/// Deletes a job that has ended, with its attempts and its video's row. `None`: the user has no such job, or it has not
/// ended.
///
/// # Errors
/// The database did not do it.
pub async fn delete(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<DeletedJob>, DbErr> {
    let tx = database::begin(db).await?;
    let video = video::Entity::find().filter(video::Column::JobId.eq(id)).one(&tx).await?;
    let paths = video.map(video::Model::paths).unwrap_or_default();
    let terminal = [Status::Completed, Status::Failed, Status::Cancelled];
    let deleted = Entity::delete_many()
        .filter(of(id, user))
        .filter(Column::Status.is_in(terminal))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(deleted.into_iter().next().map(|job| DeletedJob { job, paths }))
}

fn of(id: JobId, user: UserId) -> Expr {
    Column::Id.eq(id).and(Column::UserId.eq(user))
}

/// A job that had ended is pending again, out of every former holder's reach.
fn waiting_again() -> sea_orm::UpdateMany<Entity> {
    next_seq(Entity::update_many())
        .col_expr(Column::Status, Expr::value(Status::Pending))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .col_expr(Column::CancelRequestedAt, Expr::value(None::<i64>))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::ErrorCode, Expr::value(None::<String>))
        .col_expr(Column::ErrorMessage, Expr::value(None::<String>))
        .col_expr(Column::StartedAt, Expr::value(None::<i64>))
        .col_expr(Column::FinishedAt, Expr::value(None::<i64>))
}
