//! Returning jobs to the queue: to retry later, to hand over to another worker, or because a worker died.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::claim::JobClaim;
use super::update::{finished, may_finish, may_finish_within, next_epoch, next_seq, requeued};
use super::{Column, Model, Phase, Status};
use crate::{clock, database};

/// How many workers may die while processing a job before the job counts as the cause.
pub const MAX_CRASHES: i32 = 3;

/// The message of a job that failed as poison.
const POISON_MESSAGE: &str =
    "This job was stopped because the workers that processed it kept crashing. Retrying may be charged again.";

/// The budget that another attempt draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryBudget {
    /// Requests that certainly started nothing.
    Retry,
    /// Requests whose fate is unknown, or that were accepted and then lost.
    Resubmit,
    /// Downloads of an existing result.
    Fetch,
}

/// Returns the job to the queue to be tried again after `delay`, drawing one from `budget`. Without a budget, the job is
/// deferred for a reason that is not its own. The waiting happens in the row.
pub async fn retry_later(
    db: &DatabaseConnection,
    claim: JobClaim,
    budget: Option<RetryBudget>,
    delay: Duration,
) -> Result<Option<Model>, DbErr> {
    let backend = db.get_database_backend();
    let mut update = requeued(claim.update(), Some(Phase::Retrying), backend)
        .col_expr(Column::NextAttemptAt, clock::after(backend, delay));
    if let Some(budget) = budget {
        let used = match budget {
            RetryBudget::Retry => Column::Retries,
            RetryBudget::Resubmit => Column::Resubmits,
            RetryBudget::Fetch => Column::Fetches,
        };
        update = update.col_expr(used, Expr::col(used).add(1));
    }
    may_finish(db, update).await
}

/// Returns the job to the queue at once, for another worker to continue.
pub async fn hand_over(db: &DatabaseConnection, claim: JobClaim) -> Result<Option<Model>, DbErr> {
    may_finish(db, next_epoch(requeued(claim.update(), None, db.get_database_backend()))).await
}

/// Requeues a job that its worker holds according to the database but does not run: the claim's response was lost, or the
/// task panicked. It counts as a crash, so that a job that makes tasks panic fails as poison.
pub async fn requeue_orphan(db: &DatabaseConnection, claim: JobClaim) -> Result<Option<Model>, DbErr> {
    let filter = Column::Id.eq(claim.job).and(Column::Epoch.eq(claim.epoch));
    let tx = database::begin(db).await?;
    let job = requeue(&tx, &filter).await?.pop();
    tx.commit().await?;
    Ok(job)
}

/// Requeues the jobs in progress that match `filter`, each with a new epoch. Jobs with too many crashes fail as poison, and
/// jobs that their owners cancelled finish as cancelled.
pub(crate) async fn requeue(tx: &DatabaseTransaction, filter: &Expr) -> Result<Vec<Model>, DbErr> {
    let backend = tx.get_database_backend();
    let crashed = || {
        next_epoch(next_seq())
            .col_expr(Column::Crashes, Expr::col(Column::Crashes).add(1))
            .filter(filter.clone())
            .filter(Column::Status.eq(Status::Processing))
    };
    let poisoned = finished(crashed(), Status::Failed, backend)
        .col_expr(Column::ErrorCode, Expr::value("poison"))
        .col_expr(Column::ErrorMessage, Expr::value(POISON_MESSAGE))
        .filter(Column::Crashes.gte(MAX_CRASHES))
        .filter(Column::CancelRequestedAt.is_null());
    let mut jobs = may_finish_within(tx, poisoned).await?;
    jobs.extend(may_finish_within(tx, requeued(crashed(), None, backend)).await?);
    Ok(jobs)
}

/// SQL: the job failed as poison. A literal rather than a parameter, so that SQLite uses the partial index.
pub(crate) fn is_poisoned() -> Expr {
    Expr::cust("error_code = 'poison'")
}
