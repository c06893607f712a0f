//! Upstreams whose answers could not be read, so that it is unknown what was bought from them.
//!
//! After [`MAX_UNREADABLE_JOBS`] such jobs in a row nothing more is submitted to the upstream until an administrator
//! resumes it. Functions return the database's error if a statement fails.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{QueryOrder, sea_query::CaseStatement};

use crate::{JobId, clock};

/// A row of `upstream_states`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upstream_states")]
pub struct Model {
    /// The configured address, as recorded with attempts.
    #[sea_orm(primary_key, auto_increment = false)]
    pub upstream: String,
    /// Jobs in a row whose answers could not be read.
    pub unreadable_jobs: i32,
    /// The last of these jobs.
    pub last_job_id: JobId,
    /// The first KiB of the last such answer, redacted.
    pub sample: String,
    /// When the first of these answers came, epoch ms.
    pub since: i64,
    /// When submissions were suspended, epoch ms.
    pub suspended_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Number of jobs in a row with unreadable answers after which submissions are suspended.
pub const MAX_UNREADABLE_JOBS: i32 = 3;

/// Records an answer that could not be read, and suspends submissions if it is one too many. A job counts once in a row.
pub async fn record_unreadable(
    db: &DatabaseConnection,
    upstream: &str,
    job: JobId,
    sample: &str,
) -> Result<Model, DbErr> {
    let now = clock::system_ms();
    let own = |column: Column| Expr::col((Entity, column));
    let counted = || {
        let same_job = own(Column::LastJobId).eq(job);
        let more = own(Column::UnreadableJobs).add(1);
        CaseStatement::new().case(same_job, own(Column::UnreadableJobs)).finally(more)
    };
    let suspended = CaseStatement::new()
        .case(
            Expr::expr(counted()).gte(MAX_UNREADABLE_JOBS),
            Expr::expr(own(Column::SuspendedAt)).if_null(Expr::val(now)),
        )
        .finally(own(Column::SuspendedAt));
    let conflict = OnConflict::column(Column::Upstream)
        .value(Column::UnreadableJobs, counted())
        .value(Column::SuspendedAt, suspended)
        .update_columns([Column::LastJobId, Column::Sample])
        .to_owned();
    let row = ActiveModel {
        upstream: Set(upstream.to_owned()),
        unreadable_jobs: Set(1),
        last_job_id: Set(job),
        sample: Set(sample.replace('\0', "")),
        since: Set(now),
        suspended_at: Set(None),
    };
    Entity::insert(row).on_conflict(conflict).exec_with_returning(db).await
}

/// Forgets unreadable answers because one was read. A suspended upstream stays suspended.
pub async fn record_readable(db: &DatabaseConnection, upstream: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Upstream.eq(upstream))
        .filter(Column::SuspendedAt.is_null())
        .exec(db)
        .await
        .map(drop)
}

/// The state of an upstream, if some of its answers could not be read.
pub async fn of_upstream(db: &DatabaseConnection, upstream: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(upstream.to_owned()).one(db).await
}

/// All upstreams whose answers could not be read, by address.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Upstream).all(db).await
}

/// Resumes submissions to an upstream. Returns whether it had a state.
pub async fn resume(db: &DatabaseConnection, upstream: &str) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(upstream.to_owned()).exec(db).await?.rows_affected == 1)
}
