//! Deleting old deliveries, and what becomes of a restored outbox.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::{Column, DeliveryStatus, Entity, is_pending};
use crate::{clock, job, schema, webhook_endpoint};

/// How long deliveries are kept.
const RETENTION: Duration = Duration::from_secs(30 * 86_400);

/// Deletes up to `limit` deliveries that are older than 30 days, or whose jobs were deleted, because they contain the
/// prompt. Pending ones are kept unless their endpoint is disabled. Returns how many were deleted.
pub async fn delete_old(db: &DatabaseConnection, limit: u64) -> Result<u64, DbErr> {
    let disabled = Query::select()
        .column(webhook_endpoint::Column::Id)
        .from(webhook_endpoint::Entity)
        .and_where(webhook_endpoint::Column::Enabled.eq(false))
        .take();
    let job = Query::select()
        .expr(Expr::val(1))
        .from(job::Entity)
        .and_where(Expr::col((job::Entity, job::Column::Id)).equals((Entity, Column::JobId)))
        .take();
    let deleted_job = Expr::col((Entity, Column::JobId)).is_not_null().and(Expr::exists(job).not());
    let old = Expr::col((Entity, Column::CreatedAt)).lt(clock::system_ms() - clock::millis(RETENTION));
    let unwanted = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(old.or(deleted_job))
        .and_where(is_pending().not().or(Column::EndpointId.in_subquery(disabled)))
        .limit(limit)
        .take();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(unwanted)).exec(db).await?.rows_affected)
}

/// Gives up all pending deliveries of a restored backup: they may have been made since it was taken. Returns how many.
pub(crate) async fn fail_after_restore<C: ConnectionTrait>(tx: &C) -> Result<u64, DbErr> {
    if !schema::has_table(tx, "webhook_deliveries").await? {
        return Ok(0);
    }
    let given_up = Entity::update_many()
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Failed))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::Error, Expr::value("not sent: the platform was restored from a backup"))
        .col_expr(Column::FinishedAt, clock::now(tx.get_database_backend()))
        .filter(is_pending())
        .exec(tx)
        .await?;
    Ok(given_up.rows_affected)
}
