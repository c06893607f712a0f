//! Claiming a job: the database decides which worker processes it.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::update::{next_epoch, next_seq, take_job};
use super::{Column, Entity, Model, Phase, Status, by_ids};
use crate::database::is_foreign_key_violation;
use crate::rows::Rows;
use crate::{JobId, WorkerId, clock, user};

/// A worker's hold on a job: its id, and the epoch that fences off the writes of earlier workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobClaim {
    /// The job.
    pub job: JobId,
    /// Its epoch as of the claim.
    pub epoch: i64,
}

impl JobClaim {
    /// An update of the job that applies only while the claim holds.
    pub(super) fn update(self) -> UpdateMany<Entity> {
        next_seq()
            .filter(Column::Id.eq(self.job))
            .filter(Column::Epoch.eq(self.epoch))
            .filter(Column::Status.eq(Status::Processing))
    }
}

/// Claimed jobs that one statement changes, each with its values.
pub(super) type ClaimedRows<V> = Rows<JobId, (JobClaim, V)>;

/// Collects claimed jobs with their values.
pub(super) fn claimed_rows<V: Clone>(claims: impl IntoIterator<Item = (JobClaim, V)>) -> ClaimedRows<V> {
    Rows::new(claims.into_iter().map(|(claim, values)| (claim.job, (claim, values))))
}

/// An update of several jobs that applies to each only while its claim holds.
pub(super) fn update_claimed<V: Clone>(rows: &ClaimedRows<V>) -> UpdateMany<Entity> {
    next_seq()
        .filter(rows.contain(Column::Id))
        .filter(Expr::col(Column::Epoch).eq(rows.value(Column::Id, |(claim, _)| claim.epoch)))
        .filter(Column::Status.eq(Status::Processing))
}

/// The result of trying to claim a job.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "exists for one match on the stack of one task")]
pub enum ClaimResult {
    /// The worker has the job; the row as committed.
    Claimed(Model),
    /// The job cannot be claimed now; the row as it is.
    NotClaimable(Model),
    /// The job does not exist.
    NotFound,
    /// The worker was reaped.
    WorkerExpired,
}

/// Claims a pending job. See [`claim_each`].
pub async fn claim(db: &DatabaseConnection, id: JobId, worker: WorkerId) -> Result<ClaimResult, DbErr> {
    Ok(claim_each(db, &[(id, worker)]).await?.pop().unwrap_or(ClaimResult::NotFound))
}

/// Claims pending jobs, each for a worker, in one statement: those whose next attempt is due and whose owner's account is not
/// disabled. A job that is `processing` can never be claimed. Returns one result per job, in their order.
///
/// After an error the claims may have happened; the heartbeat finds them and requeues the jobs.
pub async fn claim_each(db: &DatabaseConnection, claims: &[(JobId, WorkerId)]) -> Result<Vec<ClaimResult>, DbErr> {
    let backend = db.get_database_backend();
    let enabled_users = Query::select()
        .column(user::Column::Id)
        .from(user::Entity)
        .and_where(user::Column::DisabledAt.is_null())
        .to_owned();
    let rows = Rows::new(claims.iter().copied());
    let claimed = next_epoch(next_seq())
        .col_expr(Column::Status, Expr::value(Status::Processing))
        .col_expr(Column::Phase, Expr::value(Phase::Submitting))
        .col_expr(Column::WorkerId, rows.value(Column::Id, |worker| Expr::value(*worker)))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::StartedAt, Expr::col(Column::StartedAt).if_null(clock::now(backend)))
        .filter(rows.contain(Column::Id))
        .filter(Column::Status.eq(Status::Pending))
        .filter(Column::NextAttemptAt.is_null().or(Expr::col(Column::NextAttemptAt).lte(clock::now(backend))))
        .filter(Column::UserId.in_subquery(enabled_users))
        .exec_with_returning(db)
        .await;
    let mut claimed = match claimed {
        Ok(claimed) => claimed,
        // The foreign key rejects a worker whose row is gone.
        Err(error) if claims.len() == 1 && is_foreign_key_violation(&error) => {
            return Ok(vec![ClaimResult::WorkerExpired]);
        }
        Err(error) => return Err(error),
    };
    let claimed: Vec<Option<Model>> = claims.iter().map(|(id, _)| take_job(&mut claimed, *id)).collect();
    let others = claims.iter().zip(&claimed).filter(|(_, job)| job.is_none()).map(|((id, _), _)| *id);
    let others = by_ids(db, others.collect()).await?;
    let other = |id: JobId| others.iter().find(|job| job.id == id).cloned();
    let results = claims.iter().zip(claimed).map(|((id, _), job)| match job {
        Some(job) => ClaimResult::Claimed(job),
        None => other(*id).map_or(ClaimResult::NotFound, ClaimResult::NotClaimable),
    });
    Ok(results.collect())
}

/// The jobs that a worker holds according to the database.
pub async fn claimed_by(db: &DatabaseConnection, worker: WorkerId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::WorkerId.eq(worker)).filter(Column::Status.eq(Status::Processing)).all(db).await
}
