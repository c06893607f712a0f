//! The transition of unfinished jobs in a restored backup: nothing continues them.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use super::update::{finished, next_epoch, next_seq};
use super::{Column, Entity, Status};
use crate::attempt;

/// The error code, and the outcome of the attempts that were open.
const CODE: &str = "restored";

const MESSAGE: &str = "The platform was restored from a backup that was taken while this job was unfinished, so the job was \
                       stopped. Retrying sends a new request.";

/// Finishes all unfinished jobs: as cancelled if their owners cancelled them, otherwise as failed. What they may have cost
/// stays recorded. No webhook is called: the system that the backup was taken from may still be running. Returns how many
/// failed, and how many were cancelled.
pub(crate) async fn fail_after_restore<C: ConnectionTrait>(tx: &C) -> Result<(u64, u64), DbErr> {
    let cancelled = Column::CancelRequestedAt.is_not_null();
    let cancelled = unfinished(tx, Status::Cancelled).filter(cancelled).exec(tx).await?.rows_affected;
    let failed = unfinished(tx, Status::Failed)
        .col_expr(Column::ErrorCode, Expr::value(CODE))
        .col_expr(Column::ErrorMessage, Expr::value(MESSAGE))
        .exec(tx)
        .await?
        .rows_affected;
    attempt::close_all(tx, CODE).await?;
    Ok((failed, cancelled))
}

/// Finishes every unfinished job with `status`, under a new epoch.
fn unfinished<C: ConnectionTrait>(tx: &C, status: Status) -> UpdateMany<Entity> {
    finished(next_epoch(next_seq()), status, tx.get_database_backend()).filter(Column::Status.is_in(Status::UNFINISHED))
}
