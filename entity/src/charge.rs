//! Attempts of deleted jobs that may have cost money: what was spent stays on record, without prompts.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use crate::{AttemptId, UserId, attempt, job};

/// A row of `charges`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charges")]
pub struct Model {
    /// The attempt, which is deleted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_id: AttemptId,
    /// The job's owner, who may be deleted.
    pub user_id: UserId,
    /// The job's model.
    pub model: String,
    /// Where it was sent.
    pub upstream: String,
    /// When it was sent, epoch ms.
    pub sent_at: i64,
    /// What it may have cost, in minor units of the currency; `None` = unknown.
    pub cost: Option<i64>,
    /// The currency of the cost, by ISO 4217.
    pub currency: Option<String>,
    /// Whether there was a video to pay for.
    pub certain: bool,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Keeps what the attempts of jobs may have cost. The caller's transaction has locked these jobs, so that no attempt can
/// start, and deletes them.
pub(crate) async fn keep<C: ConnectionTrait>(tx: &C, jobs: Expr) -> Result<(), DbErr> {
    let of_attempt = |column| Expr::col((attempt::Entity, column));
    let of_job = |column| Expr::col((job::Entity, column));
    let charged = Query::select()
        .expr(of_attempt(attempt::Column::Id))
        .expr(of_job(job::Column::UserId))
        .expr(of_job(job::Column::Model))
        .expr(of_attempt(attempt::Column::Upstream))
        .expr(of_attempt(attempt::Column::SentAt))
        .expr(of_attempt(attempt::Column::Cost))
        .expr(of_attempt(attempt::Column::Currency))
        .expr(of_attempt(attempt::Column::ResultUrl).is_not_null())
        .from(attempt::Entity)
        .inner_join(job::Entity, of_job(job::Column::Id).equals((attempt::Entity, attempt::Column::JobId)))
        .and_where(jobs)
        .and_where(of_attempt(attempt::Column::MayHaveBeenCharged).eq(true))
        .take();
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([
        Column::AttemptId,
        Column::UserId,
        Column::Model,
        Column::Upstream,
        Column::SentAt,
        Column::Cost,
        Column::Currency,
        Column::Certain,
    ]);
    insert.select_from(charged).map_err(|error| DbErr::Custom(error.to_string()))?;
    tx.execute(&insert).await.map(drop)
}
