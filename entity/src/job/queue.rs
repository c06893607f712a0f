//! Transitions of the queue around a job: being claimed, coming due, being given back by the dead.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect, SqlErr};

use super::transition::{JobClaim, charged, next_seq, requeued};
use super::{Column, Entity, MAX_CRASHES, Model, Phase, Status};
use crate::{JobId, WorkerId, clock, user};

const POISON: &str = "The workers that held this job kept dying, so it was stopped. Trying again may be charged again.";

/// What came of trying to take a job in hand.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "lives for one match on one task's stack")]
pub enum ClaimResult {
    /// It is ours; the row as committed.
    Claimed(Model),
    /// It is not to be had: the row as it stands.
    NotClaimable(Model),
    /// There is no such job.
    NotFound,
    /// The claimant itself has been buried.
    WorkerExpired,
}

/// Takes a pending job in hand: only when it is due and its owner's account is open. Nobody ever takes a job that is
/// `processing`.
///
/// # Errors
/// The database did not answer; the claim may or may not have happened, and the beat will find out.
pub async fn claim(db: &DatabaseConnection, id: JobId, worker: WorkerId) -> Result<ClaimResult, DbErr> {
    let backend = db.get_database_backend();
    let open_accounts = Query::select()
        .column(user::Column::Id)
        .from(user::Entity)
        .and_where(user::Column::DisabledAt.is_null())
        .to_owned();
    let claimed = next_seq(Entity::update_many())
        .col_expr(Column::Status, Expr::value(Status::Processing))
        .col_expr(Column::Phase, Expr::value(Phase::Submitting))
        .col_expr(Column::WorkerId, Expr::value(worker))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::StartedAt, Expr::col(Column::StartedAt).if_null(clock::now(backend)))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Pending))
        .filter(Column::NextAttemptAt.is_null().or(Expr::col(Column::NextAttemptAt).lte(clock::now(backend))))
        .filter(Column::UserId.in_subquery(open_accounts))
        .exec_with_returning(db)
        .await;
    match claimed {
        Ok(mut rows) => match rows.pop() {
            Some(job) => Ok(ClaimResult::Claimed(job)),
            None => Ok(Entity::find_by_id(id).one(db).await?.map_or(ClaimResult::NotFound, ClaimResult::NotClaimable)),
        },
        Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
            Ok(ClaimResult::WorkerExpired)
        }
        Err(error) => Err(error),
    }
}

/// What a worker has in hand, by the database.
///
/// # Errors
/// The database did not answer.
pub async fn claimed_by(db: &DatabaseConnection, worker: WorkerId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::WorkerId.eq(worker)).filter(Column::Status.eq(Status::Processing)).all(db).await
}

/// Makes up to `limit` retries whose time has come wait for their turn like any other job, and returns them to be
/// enqueued. Should the caller die before it enqueues them, the sweep over all pending jobs does.
///
/// # Errors
/// The database did not do it.
pub async fn promote_due(db: &DatabaseConnection, limit: u64) -> Result<Vec<Model>, DbErr> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(pending())
        .and_where(Expr::col(Column::NextAttemptAt).lte(clock::now(db.get_database_backend())))
        .order_by(Column::NextAttemptAt, sea_orm::Order::Asc)
        .limit(limit)
        .to_owned();
    next_seq(Entity::update_many())
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .filter(Column::Status.eq(Status::Pending))
        .filter(Expr::col(Column::NextAttemptAt).lte(clock::now(db.get_database_backend())))
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(db)
        .await
}

/// Pending jobs that wait for their turn, by id, from after `from`: a step of the sweep over all of them.
///
/// # Errors
/// The database did not answer.
pub async fn pending_after(db: &DatabaseConnection, from: Option<JobId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(pending()).filter(Column::NextAttemptAt.is_null()).order_by_asc(Column::Id);
    if let Some(from) = from {
        query = query.filter(Column::Id.gt(from));
    }
    query.limit(limit).all(db).await
}

/// Up to `limit` jobs that ended at `since` (epoch ms) or later, the latest first.
///
/// # Errors
/// The database did not answer.
pub async fn finished_since(db: &DatabaseConnection, since: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::FinishedAt.is_not_null().and(Column::FinishedAt.gte(since)))
        .order_by_desc(Column::FinishedAt)
        .limit(limit)
        .all(db)
        .await
}

/// A literal rather than a parameter, or SQLite would not use the partial indexes.
pub(crate) fn pending() -> Expr {
    Expr::cust("status = 'pending'")
}

/// Gives one job back that its worker has on record and not in hand: a claim whose answer was lost, or a task that
/// panicked. It counts as a crash, so that a job that makes tasks panic ends as poison.
///
/// # Errors
/// The database did not do it.
pub async fn requeue_orphan(db: &DatabaseConnection, hold: JobClaim) -> Result<Option<Model>, DbErr> {
    let filter = Column::Id.eq(hold.job).and(Column::Epoch.eq(hold.epoch));
    Ok(requeue(db, &filter).await?.pop())
}

/// Turns jobs that match `filter` and are in work back, each with a new epoch. Those that have seen too many deaths fail
/// as poison; those that their owner wants cancelled have ended.
pub(crate) async fn requeue<C: ConnectionTrait>(db: &C, filter: &Expr) -> Result<Vec<Model>, DbErr> {
    let backend = db.get_database_backend();
    let left = |update| {
        next_seq(update)
            .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
            .col_expr(Column::Crashes, Expr::col(Column::Crashes).add(1))
            .filter(filter.clone())
            .filter(Column::Status.eq(Status::Processing))
    };
    let mut jobs = left(Entity::update_many())
        .col_expr(Column::WorkerId, Expr::value(None::<WorkerId>))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .col_expr(Column::Status, Expr::value(Status::Failed))
        .col_expr(Column::ErrorCode, Expr::value("poison"))
        .col_expr(Column::ErrorMessage, Expr::value(POISON))
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::FinishedAt, clock::now(backend))
        .filter(Column::Crashes.gte(MAX_CRASHES))
        .filter(Column::CancelRequestedAt.is_null())
        .exec_with_returning(db)
        .await?;
    jobs.extend(requeued(left(Entity::update_many()), None, backend).exec_with_returning(db).await?);
    Ok(jobs)
}
