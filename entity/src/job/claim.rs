//! Claiming a job: the database decides which worker processes it.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::update::{next_epoch, next_seq};
use super::{Column, Entity, Model, Phase, Status};
use crate::database::is_foreign_key_violation;
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

/// Claims a pending job, if its next attempt is due and its owner's account is not disabled. A job that is `processing` can
/// never be claimed.
///
/// After an error the claim may have happened; the heartbeat finds it and requeues the job.
pub async fn claim(db: &DatabaseConnection, id: JobId, worker: WorkerId) -> Result<ClaimResult, DbErr> {
    let backend = db.get_database_backend();
    let enabled_users = Query::select()
        .column(user::Column::Id)
        .from(user::Entity)
        .and_where(user::Column::DisabledAt.is_null())
        .to_owned();
    let claimed = next_epoch(next_seq())
        .col_expr(Column::Status, Expr::value(Status::Processing))
        .col_expr(Column::Phase, Expr::value(Phase::Submitting))
        .col_expr(Column::WorkerId, Expr::value(worker))
        .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
        .col_expr(Column::StartedAt, Expr::col(Column::StartedAt).if_null(clock::now(backend)))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Pending))
        .filter(Column::NextAttemptAt.is_null().or(Expr::col(Column::NextAttemptAt).lte(clock::now(backend))))
        .filter(Column::UserId.in_subquery(enabled_users))
        .exec_with_returning(db)
        .await;
    match claimed {
        Ok(mut rows) => match rows.pop() {
            Some(job) => Ok(ClaimResult::Claimed(job)),
            None => {
                let job = Entity::find_by_id(id).one(db).await?;
                Ok(job.map_or(ClaimResult::NotFound, ClaimResult::NotClaimable))
            }
        },
        // The foreign key rejects a worker whose row is gone.
        Err(error) if is_foreign_key_violation(&error) => Ok(ClaimResult::WorkerExpired),
        Err(error) => Err(error),
    }
}

/// The jobs that a worker holds according to the database.
pub async fn claimed_by(db: &DatabaseConnection, worker: WorkerId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::WorkerId.eq(worker)).filter(Column::Status.eq(Status::Processing)).all(db).await
}
