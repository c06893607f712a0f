//! Parts that all transitions are made of.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{DatabaseTransaction, DbBackend, UpdateMany};

use super::{Column, Entity, Model, Phase, Status};
use crate::{JobId, WorkerId, attempt, clock, database, webhook_delivery};

/// An update of jobs that increments `seq`. Every transition starts with it.
pub(super) fn next_seq() -> UpdateMany<Entity> {
    Entity::update_many().col_expr(Column::Seq, Expr::col(Column::Seq).add(1))
}

/// Increments `epoch`, so that writes under an earlier claim are rejected.
pub(super) fn next_epoch(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update.col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
}

/// Removes a job from `jobs` and returns it.
pub(super) fn take_job(jobs: &mut Vec<Model>, id: JobId) -> Option<Model> {
    jobs.iter().position(|job| job.id == id).map(|index| jobs.swap_remove(index))
}

/// Runs an update of one job that does not finish it. Returns the row as committed, if its condition held.
pub(super) async fn committed<C: ConnectionTrait>(db: &C, update: UpdateMany<Entity>) -> Result<Option<Model>, DbErr> {
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Runs an update of one job that may finish it, and enqueues its webhook events. Returns the row as committed, if the
/// update's condition held.
pub(super) async fn may_finish(db: &DatabaseConnection, update: UpdateMany<Entity>) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    let job = may_finish_within(&tx, update).await?.pop();
    tx.commit().await?;
    Ok(job)
}

/// Runs an update that may finish jobs, and enqueues their webhook events. Returns the rows.
pub(super) async fn may_finish_within(
    tx: &DatabaseTransaction,
    update: UpdateMany<Entity>,
) -> Result<Vec<Model>, DbErr> {
    let jobs = update.exec_with_returning(tx).await?;
    webhook_delivery::enqueue(tx, &jobs).await?;
    Ok(jobs)
}

/// Finishes a job without a video: no worker, no phase, and the charges of all its attempts.
pub(super) fn finished(update: UpdateMany<Entity>, status: Status, backend: DbBackend) -> UpdateMany<Entity> {
    released(update)
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::FinishedAt, clock::now(backend))
}

/// Takes a job from its worker.
pub(super) fn released(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update.col_expr(Column::WorkerId, Expr::value(None::<WorkerId>)).col_expr(Column::Phase, Expr::value(None::<Phase>))
}

/// Takes a job from its worker to wait in `phase`, or finishes it if its owner has cancelled it.
pub(super) fn requeued(update: UpdateMany<Entity>, phase: Option<Phase>, backend: DbBackend) -> UpdateMany<Entity> {
    let cancelled = || Expr::col(Column::CancelRequestedAt).is_not_null();
    let if_cancelled =
        |then: Expr, otherwise: Expr| -> Expr { Expr::case(cancelled(), then).finally(otherwise).into() };
    update
        .col_expr(Column::WorkerId, Expr::value(None::<WorkerId>))
        .col_expr(Column::Status, if_cancelled(Status::Cancelled.into(), Status::Pending.into()))
        .col_expr(Column::Phase, if_cancelled(Expr::value(None::<Phase>), Expr::value(phase)))
        .col_expr(Column::FinishedAt, if_cancelled(clock::now(backend), Expr::value(None::<i64>)))
        .col_expr(Column::MayHaveBeenCharged, if_cancelled(charged(), charged_without_result()))
}

/// SQL: whether an attempt of the job may have cost money. The value for a job that finishes without a video.
pub(super) fn charged() -> Expr {
    attempt_exists(Expr::col((attempt::Entity, attempt::Column::MayHaveBeenCharged)).eq(true))
}

/// SQL: whether an attempt of the job may have cost money and has no result that still counts. The value for every other
/// job.
pub(super) fn charged_without_result() -> Expr {
    let of_attempt = |column| Expr::col((attempt::Entity, column));
    let no_result = of_attempt(attempt::Column::ResultUrl).is_null();
    let left_behind = of_attempt(attempt::Column::Number).lt(Expr::col((Entity, Column::AttemptsFrom)));
    attempt_exists(of_attempt(attempt::Column::MayHaveBeenCharged).eq(true).and(no_result.or(left_behind)))
}

/// SQL: whether an attempt since the last restart may have cost money.
pub(crate) fn charged_since_restart() -> Expr {
    let of_attempt = |column| Expr::col((attempt::Entity, column));
    let current = of_attempt(attempt::Column::Number).gte(Expr::col((Entity, Column::AttemptsFrom)));
    attempt_exists(of_attempt(attempt::Column::MayHaveBeenCharged).eq(true).and(current))
}

fn attempt_exists(condition: Expr) -> Expr {
    Expr::exists(
        Query::select()
            .expr(Expr::val(1))
            .from(attempt::Entity)
            .and_where(Expr::col((attempt::Entity, attempt::Column::JobId)).equals((Entity, Column::Id)))
            .and_where(condition)
            .take(),
    )
}
