//! Transitions by the worker that holds the claim. Each applies only while the claim holds.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::claim::{JobClaim, claimed_rows, update_claimed};
use super::update::{charged_without_result, finished, may_finish, may_finish_within, released, take_job};
use super::{Column, Model, Phase, Status};
use crate::{VideoId, clock, database, video};

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// The outcome's name.
    pub code: &'static str,
    /// The reason, for the owner.
    pub message: String,
}

/// A result in the storage.
#[derive(Clone, Debug)]
pub struct NewVideo {
    /// Primary key; its path may contain it.
    pub id: VideoId,
    /// Path in the storage.
    pub path: String,
    /// Size in bytes.
    pub size: i64,
    /// MIME type, detected from the first bytes.
    pub content_type: String,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// Updates phase and progress. See [`advance_each`].
pub async fn advance(
    db: &DatabaseConnection,
    claim: JobClaim,
    phase: Phase,
    progress: i32,
) -> Result<Option<Model>, DbErr> {
    Ok(advance_each(db, &[(claim, (phase, progress))]).await?.pop().flatten())
}

/// Updates phase and progress of several jobs in one statement. A progress below the row's is ignored, so that progress never
/// decreases. Returns each job as committed, if its claim holds.
pub async fn advance_each(
    db: &DatabaseConnection,
    changes: &[(JobClaim, (Phase, i32))],
) -> Result<Vec<Option<Model>>, DbErr> {
    let rows = claimed_rows(changes.iter().copied());
    let progress = || rows.value(Column::Id, |(_, (_, progress))| *progress);
    let is_higher = Expr::col(Column::Progress).lt(progress());
    let higher = Expr::case(is_higher, progress()).finally(Expr::col(Column::Progress));
    let phase = rows.value(Column::Id, |(_, (phase, _))| Expr::value(*phase));
    let mut jobs = update_claimed(&rows)
        .col_expr(Column::Phase, phase)
        .col_expr(Column::Progress, higher.into())
        .exec_with_returning(db)
        .await?;
    Ok(changes.iter().map(|(claim, _)| take_job(&mut jobs, claim.job)).collect())
}

/// Completes a job. See [`complete_each`].
pub async fn complete(db: &DatabaseConnection, claim: JobClaim, new: NewVideo) -> Result<Option<Model>, DbErr> {
    Ok(complete_each(db, &[(claim, new)]).await?.pop().flatten())
}

/// Completes several jobs: inserts the rows of their videos and changes their states in one transaction. Returns each job as
/// committed, if its claim holds.
pub async fn complete_each(
    db: &DatabaseConnection,
    completed: &[(JobClaim, NewVideo)],
) -> Result<Vec<Option<Model>>, DbErr> {
    let tx = database::begin(db).await?;
    let rows = claimed_rows(completed.iter().map(|(claim, new)| (*claim, new.id)));
    let update = released(update_claimed(&rows))
        .col_expr(Column::Status, Expr::value(Status::Completed))
        .col_expr(Column::Progress, Expr::value(100))
        .col_expr(Column::VideoId, rows.value(Column::Id, |(_, video)| Expr::value(*video)))
        .col_expr(Column::MayHaveBeenCharged, charged_without_result())
        .col_expr(Column::FinishedAt, clock::now(tx.get_database_backend()));
    let mut jobs = may_finish_within(&tx, update).await?;
    let jobs: Vec<Option<Model>> = completed.iter().map(|(claim, _)| take_job(&mut jobs, claim.job)).collect();
    let held = jobs.iter().zip(completed).filter_map(|(job, (_, new))| Some((job.as_ref()?, new)));
    let videos: Vec<_> = held.map(|(job, new)| video_row(job, new)).collect();
    if !videos.is_empty() {
        video::Entity::insert_many(videos).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(jobs)
}

fn video_row(job: &Model, new: &NewVideo) -> video::ActiveModel {
    video::ActiveModel {
        id: Set(new.id),
        job_id: Set(job.id),
        user_id: Set(job.user_id),
        path: Set(new.path.clone()),
        size: Set(new.size),
        content_type: Set(new.content_type.clone()),
        sha256: Set(new.sha256.clone()),
        created_at: Set(clock::system_ms()),
        ..<video::ActiveModel as ActiveModelTrait>::default()
    }
}

/// Fails the job.
pub async fn fail(db: &DatabaseConnection, claim: JobClaim, failure: &JobFailure) -> Result<Option<Model>, DbErr> {
    let update = finished(claim.update(), Status::Failed, db.get_database_backend())
        .col_expr(Column::ErrorCode, Expr::value(failure.code))
        .col_expr(Column::ErrorMessage, Expr::value(failure.message.as_str()));
    may_finish(db, update).await
}

/// Finishes the job as cancelled, if its owner has cancelled it.
pub async fn finish_cancelled(db: &DatabaseConnection, claim: JobClaim) -> Result<Option<Model>, DbErr> {
    let update = finished(claim.update(), Status::Cancelled, db.get_database_backend())
        .filter(Column::CancelRequestedAt.is_not_null());
    may_finish(db, update).await
}
