//! Transitions by the worker that holds the claim. Each applies only while the claim holds.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::claim::JobClaim;
use super::update::{charged_without_result, committed, finished, may_finish, may_finish_within, released};
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

/// Updates phase and progress. A progress below the row's is ignored, so that progress never decreases.
pub async fn advance(
    db: &DatabaseConnection,
    claim: JobClaim,
    phase: Phase,
    progress: i32,
) -> Result<Option<Model>, DbErr> {
    let higher = Expr::case(Expr::col(Column::Progress).lt(progress), progress).finally(Expr::col(Column::Progress));
    let update = claim.update().col_expr(Column::Phase, Expr::value(phase)).col_expr(Column::Progress, higher.into());
    committed(db, update).await
}

/// Completes the job: inserts the video's row and changes the job's state in one transaction.
pub async fn complete(db: &DatabaseConnection, claim: JobClaim, new: NewVideo) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    let update = released(claim.update())
        .col_expr(Column::Status, Expr::value(Status::Completed))
        .col_expr(Column::Progress, Expr::value(100))
        .col_expr(Column::VideoId, Expr::value(new.id))
        .col_expr(Column::MayHaveBeenCharged, charged_without_result())
        .col_expr(Column::FinishedAt, clock::now(tx.get_database_backend()));
    let Some(job) = may_finish_within(&tx, update).await?.pop() else {
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
