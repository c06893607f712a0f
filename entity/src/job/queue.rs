//! Jobs that wait: for their turn, or for the time of their next attempt.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{Order, QueryOrder, QuerySelect};

use super::update::next_seq;
use super::{Column, Entity, Model, Phase, Status};
use crate::{JobId, clock};

/// No job waits longer for its next attempt: at most until the next UTC day. A later time was set by a wrong clock.
const MAX_WAIT: Duration = Duration::from_secs(25 * 3_600);

/// Makes up to `limit` jobs whose next attempt is due wait for their turn like all others. Returns them for the caller to
/// enqueue; if the caller dies before that, the reconciler enqueues them.
pub async fn promote_due(db: &DatabaseConnection, limit: u64) -> Result<Vec<Model>, DbErr> {
    let backend = db.get_database_backend();
    let at = || Expr::col(Column::NextAttemptAt);
    promote(db, || at().lte(clock::now(backend)).or(at().gt(clock::after(backend, MAX_WAIT))), limit).await
}

/// Like [`promote_due`], for all jobs that wait for their next attempt: the database's clock was set back, so their times
/// mean nothing any more.
pub async fn promote_all(db: &DatabaseConnection, limit: u64) -> Result<Vec<Model>, DbErr> {
    promote(db, || Expr::col(Column::NextAttemptAt).is_not_null(), limit).await
}

async fn promote(db: &DatabaseConnection, is_due: impl Fn() -> Expr, limit: u64) -> Result<Vec<Model>, DbErr> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(is_pending())
        .and_where(is_due())
        .order_by(Column::NextAttemptAt, Order::Asc)
        .limit(limit)
        .to_owned();
    next_seq()
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .filter(Column::Status.eq(Status::Pending))
        .filter(is_due())
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(db)
        .await
}

/// Up to `limit` jobs that wait for their turn, by id, after `after`: one batch of the reconciler.
pub async fn pending_after(db: &DatabaseConnection, after: Option<JobId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    let mut query =
        Entity::find().filter(is_pending()).filter(Column::NextAttemptAt.is_null()).order_by_asc(Column::Id);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.limit(limit).all(db).await
}

/// The job that has waited longest.
pub async fn oldest_pending(db: &DatabaseConnection) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(is_pending()).order_by_asc(Column::Id).one(db).await
}

/// SQL: the job is pending. A literal rather than a parameter, so that SQLite uses the partial indexes.
pub(crate) fn is_pending() -> Expr {
    Expr::cust("status = 'pending'")
}
