//! Attempts: one row per request sent to the upstream, holding the facts about money.
//!
//! The row exists before the first byte is sent. What becomes known later is written even by a worker that has lost
//! the job, since it says what was paid for; an attempt without an outcome is one whose fate is unknown.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{PaginatorTrait, QueryOrder, UpdateMany};

use crate::job::Held;
use crate::{AttemptId, JobId, clock};

/// A row of `attempts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttemptId,
    /// For which job.
    pub job_id: JobId,
    /// 1, 2, … within the job.
    pub number: i32,
    /// The job's epoch when it was sent.
    pub epoch: i64,
    /// The configured address it was sent to.
    pub upstream: String,
    /// Committed before the first byte left, epoch ms.
    pub sent_at: i64,
    /// When the upstream showed that it had taken it, epoch ms.
    pub accepted_at: Option<i64>,
    /// The upstream's id, by which it can be asked again.
    pub upstream_id: Option<String>,
    /// Where the result can be fetched.
    pub result_url: Option<String>,
    /// How it ended: an outcome's name, or `completed`.
    pub outcome: Option<String>,
    /// What the upstream said, for administrators.
    pub detail: Option<String>,
    /// When it ended, epoch ms.
    pub finished_at: Option<i64>,
    /// False once a refusal is on record.
    pub may_have_been_charged: bool,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Longest text of the upstream that is kept, in characters.
const DETAIL_CHARACTERS: usize = 2_000;

/// Writes the next attempt of a job; its caller holds the job's row.
pub(crate) async fn insert<C: ConnectionTrait>(tx: &C, held: Held, id: AttemptId, upstream: &str) -> Result<(), DbErr> {
    let earlier = Entity::find().filter(Column::JobId.eq(held.job)).count(tx).await?;
    let row = ActiveModel {
        id: Set(id),
        job_id: Set(held.job),
        number: Set(i32::try_from(earlier).unwrap_or(i32::MAX - 1) + 1),
        epoch: Set(held.epoch),
        upstream: Set(upstream.to_owned()),
        sent_at: Set(clock::wall()),
        may_have_been_charged: Set(true),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    row.insert(tx).await.map(drop)
}

/// The job's attempts from number `from` on, first to last.
///
/// # Errors
/// The database did not answer.
pub async fn of_job(db: &DatabaseConnection, job: JobId, from: i32) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::JobId.eq(job))
        .filter(Column::Number.gte(from))
        .order_by_asc(Column::Number)
        .all(db)
        .await
}

/// Records that the upstream has taken the request.
///
/// # Errors
/// The database did not do it.
pub async fn accepted(db: &DatabaseConnection, id: AttemptId) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(clock::wall()))
        .exec(db)
        .await
        .map(drop)
}

/// Records where the result can be fetched; from here on recovery only fetches.
///
/// # Errors
/// The database did not do it.
pub async fn result(db: &DatabaseConnection, id: AttemptId, url: &str) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(clock::wall()))
        .col_expr(Column::ResultUrl, Expr::value(url))
        .exec(db)
        .await
        .map(drop)
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The outcome's name.
    pub outcome: &'a str,
    /// What the upstream said.
    pub detail: Option<&'a str>,
    /// Whether it may have cost money.
    pub may_have_been_charged: bool,
}

/// Records how an attempt ended.
///
/// # Errors
/// The database did not do it.
pub async fn finish(db: &DatabaseConnection, id: AttemptId, end: End<'_>) -> Result<(), DbErr> {
    let detail = end.detail.map(|text| text.chars().filter(|c| *c != '\0').take(DETAIL_CHARACTERS).collect::<String>());
    update(id)
        .col_expr(Column::Outcome, Expr::value(end.outcome))
        .col_expr(Column::Detail, Expr::value(detail))
        .col_expr(Column::MayHaveBeenCharged, Expr::value(end.may_have_been_charged))
        .col_expr(Column::FinishedAt, Expr::value(clock::wall()))
        .exec(db)
        .await
        .map(drop)
}

fn update(id: AttemptId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id))
}
