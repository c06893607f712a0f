//! Many jobs at a time: search, what administrators see, and what ends with an account.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{DbBackend, QueryOrder, QuerySelect};

use super::queue::pending;
use super::transition::{charged, next_seq};
use super::{Column, Entity, Model, Phase, Status};
use crate::{JobId, UserId, clock};

/// Which jobs to list. What is empty or missing filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub user: Option<UserId>,
    /// In one of these states.
    pub statuses: Vec<Status>,
    /// With this in the prompt, whatever its case.
    pub text: Option<String>,
    /// Made at this instant or later, epoch ms.
    pub from: Option<i64>,
    /// Made before this instant, epoch ms.
    pub to: Option<i64>,
    /// Failed with this code.
    pub error_code: Option<String>,
    /// Older than this one.
    pub before: Option<JobId>,
}

/// The newest `limit` jobs that pass `filter`, newest first.
///
/// # Errors
/// The database did not answer.
pub async fn search(db: &DatabaseConnection, filter: Filter, limit: u64) -> Result<Vec<Model>, DbErr> {
    let conditions = [
        filter.user.map(|user| Column::UserId.eq(user)),
        (!filter.statuses.is_empty()).then(|| Column::Status.is_in(filter.statuses)),
        filter.text.map(|text| contains(db.get_database_backend(), Column::Prompt, &text)),
        filter.from.map(|from| Column::CreatedAt.gte(from)),
        filter.to.map(|to| Column::CreatedAt.lt(to)),
        filter.error_code.map(|code| Column::ErrorCode.eq(code)),
        filter.before.map(|before| Column::Id.lt(before)),
    ];
    let query = conditions.into_iter().flatten().fold(Entity::find(), QueryFilter::filter);
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// SQL: `column` holds `text`, as it stands and whatever its case. What has no case in the database's eyes (on SQLite
/// everything outside ASCII) must be the same.
pub(crate) fn contains(backend: DbBackend, column: impl ColumnTrait, text: &str) -> Expr {
    let position = if backend == DbBackend::Postgres { "strpos" } else { "instr" };
    let (held, sought) = (Func::lower(Expr::col(column.as_column_ref())), Func::lower(Expr::val(text)));
    Expr::expr(Func::cust(position).arg(held).arg(sought)).gt(0)
}

/// SQL: the job was stopped because its workers kept dying. A literal, so that SQLite uses the partial index.
pub(crate) fn poisoned() -> Expr {
    Expr::cust("error_code = 'poison'")
}

/// The job that has waited longest.
///
/// # Errors
/// The database did not answer.
pub async fn oldest_pending(db: &DatabaseConnection) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(pending()).order_by_asc(Column::Id).one(db).await
}

/// What came of cancelling all of a user's jobs.
#[derive(Clone, Debug, Default)]
pub struct BulkCancellation {
    /// They waited and are cancelled.
    pub done: Vec<Model>,
    /// Workers have them in hand and will end them.
    pub requested: Vec<Model>,
}

/// Cancels everything that a user has waiting; with `in_hand` also asks the workers to let go of the rest.
///
/// # Errors
/// The database did not do it.
pub async fn cancel_all(db: &DatabaseConnection, user: UserId, in_hand: bool) -> Result<BulkCancellation, DbErr> {
    let now = || clock::now(db.get_database_backend());
    let done = next_seq(Entity::update_many())
        .col_expr(Column::Status, Expr::value(Status::Cancelled))
        .col_expr(Column::Phase, Expr::value(None::<Phase>))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::CancelRequestedAt, now())
        .col_expr(Column::FinishedAt, now())
        .col_expr(Column::MayHaveBeenCharged, charged())
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(Status::Pending))
        .exec_with_returning(db)
        .await?;
    if !in_hand {
        return Ok(BulkCancellation { done, requested: Vec::new() });
    }
    let requested = next_seq(Entity::update_many())
        .col_expr(Column::CancelRequestedAt, now())
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(Status::Processing))
        .filter(Column::CancelRequestedAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(BulkCancellation { done, requested })
}
