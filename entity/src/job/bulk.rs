//! Operations on many jobs: search, and cancelling all of a user's jobs.

use sea_orm::entity::prelude::*;
use sea_orm::{Order, QueryOrder, QuerySelect};

use super::update::{finished, may_finish_within, next_seq};
use super::{Column, Entity, Model, Status};
use crate::search::contains;
use crate::{JobId, UserId, clock, database};

/// Which jobs to list. Empty and missing conditions match all jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this user.
    pub user: Option<UserId>,
    /// In one of these states.
    pub statuses: Vec<Status>,
    /// With this text in the prompt, ignoring case.
    pub text: Option<String>,
    /// Created at this time or later, epoch ms.
    pub from: Option<i64>,
    /// Created before this time, epoch ms.
    pub to: Option<i64>,
    /// Failed with this code.
    pub error_code: Option<String>,
    /// Older than this job.
    pub before: Option<JobId>,
    /// Newer than this job.
    pub after: Option<JobId>,
    /// The oldest jobs first, instead of the newest.
    pub oldest_first: bool,
}

impl Filter {
    /// Whether the query reads all rows that the other conditions leave.
    #[must_use]
    pub fn is_heavy(&self) -> bool {
        self.text.is_some()
    }
}

/// The first `limit` jobs that match `filter`, newest first unless it says otherwise.
pub async fn search(db: &DatabaseConnection, filter: Filter, limit: u64) -> Result<Vec<Model>, DbErr> {
    let heavy = filter.is_heavy();
    let order = if filter.oldest_first { Order::Asc } else { Order::Desc };
    let conditions = [
        filter.user.map(|user| Column::UserId.eq(user)),
        (!filter.statuses.is_empty()).then(|| Column::Status.is_in(filter.statuses)),
        filter.text.map(|text| contains(db.get_database_backend(), Column::Prompt, &text)),
        filter.from.map(|from| Column::CreatedAt.gte(from)),
        filter.to.map(|to| Column::CreatedAt.lt(to)),
        filter.error_code.map(|code| Column::ErrorCode.eq(code)),
        filter.before.map(|before| Column::Id.lt(before)),
        filter.after.map(|after| Column::Id.gt(after)),
    ];
    let query = conditions.into_iter().flatten().fold(Entity::find(), QueryFilter::filter);
    let query = query.order_by(Column::Id, order).limit(limit);
    if heavy { database::all_heavy(db, query).await } else { query.all(db).await }
}

/// The result of cancelling all of a user's jobs.
#[derive(Clone, Debug, Default)]
pub struct BulkCancellation {
    /// Jobs that were waiting and are cancelled.
    pub cancelled: Vec<Model>,
    /// Jobs that are being processed; their workers will finish them.
    pub requested: Vec<Model>,
}

/// Cancels all waiting jobs of a user; with `running`, also asks the workers to stop the others.
pub async fn cancel_all(db: &DatabaseConnection, user: UserId, running: bool) -> Result<BulkCancellation, DbErr> {
    let backend = db.get_database_backend();
    let waiting = finished(next_seq(), Status::Cancelled, backend)
        .col_expr(Column::CancelRequestedAt, clock::now(backend))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(Status::Pending));
    let tx = database::begin(db).await?;
    let cancelled = may_finish_within(&tx, waiting).await?;
    tx.commit().await?;
    if !running {
        return Ok(BulkCancellation { cancelled, requested: Vec::new() });
    }
    let requested = next_seq()
        .col_expr(Column::CancelRequestedAt, clock::now(backend))
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(Status::Processing))
        .filter(Column::CancelRequestedAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(BulkCancellation { cancelled, requested })
}
