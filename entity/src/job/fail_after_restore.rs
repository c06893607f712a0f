//! The transition of a backup's unfinished jobs: nobody goes on with them.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::transition::{charged, next_seq};
use super::{Column, Entity, Phase, Status};
use crate::{WorkerId, attempt, clock};

/// The error code, and the outcome of the attempts that were open.
const RESTORED: &str = "restored";

const WORDS: &str = "The platform was restored from a backup in which this job was unfinished. Nobody goes on with it; \
                     trying again sends a new request.";

/// Ends all unfinished jobs: as cancelled those whose owners wished it, the others as failed. What they may have cost stays
/// on record. Answers with how many failed and how many were cancelled.
pub(crate) async fn fail_after_restore<C: ConnectionTrait>(tx: &C) -> Result<(u64, u64), DbErr> {
    let unwanted = Column::CancelRequestedAt.is_not_null();
    let cancelled = ended(tx, Status::Cancelled).filter(unwanted).exec(tx).await?.rows_affected;
    let parked = ended(tx, Status::Failed)
        .col_expr(Column::ErrorCode, Expr::value(RESTORED))
        .col_expr(Column::ErrorMessage, Expr::value(WORDS))
        .exec(tx)
        .await?
        .rows_affected;
    attempt::close_all(tx, RESTORED).await?;
    Ok((parked, cancelled))
}

/// Every unfinished job ends, out of every former holder's reach.
fn ended<C: ConnectionTrait>(tx: &C, status: Status) -> UpdateMany<Entity> {
    next_seq(Entity::update_many())
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .col_expr(Column::WorkerId, Expr::value(None::<WorkerId>))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::MayHaveBeenCharged, charged())
        .col_expr(Column::FinishedAt, clock::now(tx.get_database_backend()))
        .filter(Column::Status.is_in([Status::Pending, Status::Processing]))
}
