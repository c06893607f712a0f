//! Transitions by the worker that has the job in hand. Each requires that it still does: same epoch, `processing`.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{DbBackend, UpdateMany};

use super::{Column, Entity, Model, Phase, Status};
use crate::attempt::NewAttempt;
use crate::submission::Caps;
use crate::{JobId, VideoId, WorkerId, attempt, clock, database, submission, video};

/// Proof of holding a job: its id and the epoch of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobClaim {
    /// The job.
    pub job: JobId,
    /// Its epoch when it was claimed.
    pub epoch: i64,
}

/// Which budget another try draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryBudget {
    /// Requests that surely started nothing.
    Retry,
    /// Requests whose fate is unknown, or that were accepted and lost.
    Resubmit,
    /// Downloads of a result that is there.
    Fetch,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// The outcome's name.
    pub code: &'static str,
    /// The same in words for the owner.
    pub message: String,
}

/// A result that lies in the storage.
#[derive(Clone, Debug)]
pub struct NewVideo {
    /// Its key, which its path may contain.
    pub id: VideoId,
    /// Where the storage keeps it.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// MIME type by its first bytes.
    pub content_type: String,
    /// Hexadecimal.
    pub sha256: String,
}

/// The next change of `seq`, in every transition.
pub(super) fn next_seq(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update.col_expr(Column::Seq, Expr::col(Column::Seq).add(1))
}

fn held(held: JobClaim) -> UpdateMany<Entity> {
    next_seq(Entity::update_many())
        .filter(Column::Id.eq(held.job))
        .filter(Column::Epoch.eq(held.epoch))
        .filter(Column::Status.eq(Status::Processing))
}

/// Leaves the worker's hands for good.
fn finished(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update.col_expr(Column::WorkerId, Expr::value(None::<WorkerId>)).col_expr(Column::Phase, Expr::value(None::<Phase>))
}

/// Goes back to wait, for `phase`; a job that its owner wants cancelled has ended instead.
pub(super) fn requeued(update: UpdateMany<Entity>, phase: Option<Phase>, backend: DbBackend) -> UpdateMany<Entity> {
    let unwanted = || Expr::col(Column::CancelRequestedAt).is_not_null();
    let if_unwanted = |then: Expr, otherwise: Expr| -> Expr { Expr::case(unwanted(), then).finally(otherwise).into() };
    update
        .col_expr(Column::WorkerId, Expr::value(None::<WorkerId>))
        .col_expr(Column::Status, if_unwanted(Status::Cancelled.into(), Status::Pending.into()))
        .col_expr(Column::Phase, if_unwanted(Expr::value(None::<Phase>), Expr::value(phase)))
        .col_expr(Column::FinishedAt, if_unwanted(clock::now(backend), Expr::value(None::<i64>)))
        .col_expr(Column::MayHaveBeenCharged, if_unwanted(charged(), charged_without_result()))
}

/// SQL: whether some attempt of the job may have cost money. What a job that ends without a video has to say.
pub(super) fn charged() -> Expr {
    attempts_exist(Expr::col((attempt::Entity, attempt::Column::MayHaveBeenCharged)).eq(true))
}

/// SQL: whether some attempt of the job may have cost money and brought nothing that still counts. What any other job
/// has to say.
pub(super) fn charged_without_result() -> Expr {
    let of_attempt = |column| Expr::col((attempt::Entity, column));
    let no_result = of_attempt(attempt::Column::ResultUrl).is_null();
    let left_behind = of_attempt(attempt::Column::Number).lt(Expr::col((Entity, Column::AttemptsFrom)));
    attempts_exist(of_attempt(attempt::Column::MayHaveBeenCharged).eq(true).and(no_result.or(left_behind)))
}

fn attempts_exist(condition: Expr) -> Expr {
    Expr::exists(
        Query::select()
            .expr(Expr::val(1))
            .from(attempt::Entity)
            .and_where(Expr::col((attempt::Entity, attempt::Column::JobId)).equals((Entity, Column::Id)))
            .and_where(condition)
            .take(),
    )
}

pub(super) async fn committed<C: ConnectionTrait>(db: &C, update: UpdateMany<Entity>) -> Result<Option<Model>, DbErr> {
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Moves phase and progress on. Progress that is behind the row's is ignored, so that it never decreases.
///
/// # Errors
/// The database did not answer.
pub async fn advance(
    db: &DatabaseConnection,
    hold: JobClaim,
    phase: Phase,
    progress: i32,
) -> Result<Option<Model>, DbErr> {
    let further = Expr::case(Expr::col(Column::Progress).lt(progress), progress).finally(Expr::col(Column::Progress));
    let update = held(hold).col_expr(Column::Phase, Expr::value(phase)).col_expr(Column::Progress, further.into());
    committed(db, update).await
}

/// What came of wanting to send a request.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "lives for one match on one task's stack")]
pub enum AttemptStart {
    /// It is on record and is to be sent; the job as committed.
    Started(Model),
    /// The job is no longer this worker's, or its owner wants it cancelled.
    NotHeld,
    /// It would be over a daily cap.
    CapReached,
}

/// Records that a request is about to be sent: commits *before* its first byte leaves, or not at all.
///
/// From here on the attempt counts as one whose fate is unknown, until an outcome is recorded, and among its day's
/// submissions. Nothing is sent for a job that its owner wants cancelled.
///
/// # Errors
/// The database did not answer: nothing may be sent.
pub async fn start_attempt(
    db: &DatabaseConnection,
    hold: JobClaim,
    new: NewAttempt<'_>,
    caps: Caps,
) -> Result<AttemptStart, DbErr> {
    let tx = database::begin(db).await?;
    let update = held(hold)
        .filter(Column::CancelRequestedAt.is_null())
        .col_expr(Column::Phase, Expr::value(Phase::Submitting))
        .col_expr(Column::Progress, Expr::value(0));
    let Some(job) = committed(&tx, update).await? else {
        return Ok(AttemptStart::NotHeld);
    };
    if !submission::charge(&tx, submission::day_of(new.sent_at), job.user_id, caps).await? {
        return Ok(AttemptStart::CapReached);
    }
    attempt::insert(&tx, hold, new).await?;
    tx.commit().await?;
    Ok(AttemptStart::Started(job))
}

/// Ends the job with its video: the row of the video and the job's state in one commit.
///
/// # Errors
/// The database did not answer.
pub async fn complete(db: &DatabaseConnection, hold: JobClaim, new: NewVideo) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    let update = finished(held(hold))
        .col_expr(Column::Status, Expr::value(Status::Completed))
        .col_expr(Column::Progress, Expr::value(100))
        .col_expr(Column::VideoId, Expr::value(new.id))
        .col_expr(Column::MayHaveBeenCharged, charged_without_result())
        .col_expr(Column::FinishedAt, clock::now(tx.get_database_backend()));
    let Some(job) = committed(&tx, update).await? else {
        return Ok(None);
    };
    let row = video::ActiveModel {
        id: Set(new.id),
        job_id: Set(job.id),
        user_id: Set(job.user_id),
        path: Set(new.path),
        size: Set(new.size),
        content_type: Set(new.content_type),
        sha256: Set(new.sha256),
        created_at: Set(clock::system_ms()),
        ..<video::ActiveModel as ActiveModelTrait>::default()
    };
    row.insert(&tx).await?;
    tx.commit().await?;
    Ok(Some(job))
}

/// Tells that the job's video has a poster now.
///
/// # Errors
/// The database did not do it.
pub async fn set_has_poster<C: ConnectionTrait>(db: &C, id: JobId) -> Result<Option<Model>, DbErr> {
    let update = next_seq(Entity::update_many())
        .col_expr(Column::HasPoster, Expr::value(true))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Completed));
    committed(db, update).await
}

/// Ends the job without a video.
///
/// # Errors
/// The database did not answer.
pub async fn fail(db: &DatabaseConnection, hold: JobClaim, failure: &JobFailure) -> Result<Option<Model>, DbErr> {
    let update = finished(held(hold))
        .col_expr(Column::Status, Expr::value(Status::Failed))
        .col_expr(Column::ErrorCode, Expr::value(failure.code))
        .col_expr(Column::ErrorMessage, Expr::value(failure.message.as_str()))
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::FinishedAt, clock::now(db.get_database_backend()));
    committed(db, update).await
}

/// Gives the job back to wait `delay` for its next try, drawing one on `budget`; without a budget it is put off for no
/// fault of its own. The waiting happens in the row.
///
/// # Errors
/// The database did not answer.
pub async fn retry_later(
    db: &DatabaseConnection,
    hold: JobClaim,
    budget: Option<RetryBudget>,
    delay: Duration,
) -> Result<Option<Model>, DbErr> {
    let backend = db.get_database_backend();
    let update = requeued(held(hold), Some(Phase::Retrying), backend)
        .col_expr(Column::NextAttemptAt, clock::after(backend, delay));
    let drawn = budget.map(|budget| match budget {
        RetryBudget::Retry => Column::Retries,
        RetryBudget::Resubmit => Column::Resubmits,
        RetryBudget::Fetch => Column::Fetches,
    });
    let update = drawn.into_iter().fold(update, |update, drawn| update.col_expr(drawn, Expr::col(drawn).add(1)));
    committed(db, update).await
}

/// Gives the job back at once, for the next worker to go on with.
///
/// # Errors
/// The database did not answer.
pub async fn hand_over(db: &DatabaseConnection, hold: JobClaim) -> Result<Option<Model>, DbErr> {
    let update =
        requeued(held(hold), None, db.get_database_backend()).col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1));
    committed(db, update).await
}

/// Ends the job because its owner no longer wants it.
///
/// # Errors
/// The database did not answer.
pub async fn finish_cancelled(db: &DatabaseConnection, hold: JobClaim) -> Result<Option<Model>, DbErr> {
    let update = finished(held(hold))
        .filter(Column::CancelRequestedAt.is_not_null())
        .col_expr(Column::Status, Expr::value(Status::Cancelled))
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::FinishedAt, clock::now(db.get_database_backend()));
    committed(db, update).await
}
