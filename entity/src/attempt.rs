//! Attempts: one row per request sent to the upstream, with everything that matters for its cost.
//!
//! The row is committed before the first byte is sent. What becomes known later is recorded even by a worker that has lost
//! the job, since it says what was paid for. An attempt without an outcome is one whose fate is unknown. An attempt that may
//! have been charged counts among its day's submissions ([`submission`](crate::submission)).

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{PaginatorTrait, QueryOrder, UpdateMany};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{rfc3339, system_ms};
use crate::{AttemptId, JobId};

/// A row of `attempts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttemptId,
    /// The job.
    pub job_id: JobId,
    /// 1, 2, … within the job.
    pub number: i32,
    /// The job's epoch when the request was sent.
    pub epoch: i64,
    /// The configured address that it was sent to.
    pub upstream: String,
    /// Committed before the first byte was sent, epoch ms.
    pub sent_at: i64,
    /// When the upstream confirmed that it accepted the request, epoch ms.
    pub accepted_at: Option<i64>,
    /// The generation's id at the upstream.
    pub upstream_id: Option<String>,
    /// Where the result can be downloaded.
    pub result_url: Option<String>,
    /// How the attempt ended: an outcome's name, or `completed`.
    pub outcome: Option<String>,
    /// What the upstream said, for administrators.
    pub detail: Option<String>,
    /// When the attempt ended, epoch ms.
    pub finished_at: Option<i64>,
    /// False once it is certain that the attempt cost nothing.
    pub may_have_been_charged: bool,
    /// The last of what the upstream sent, if the attempt ended without a video; for administrators.
    pub evidence: Option<String>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Maximum length of a stored detail, in characters.
const MAX_DETAIL_CHARS: usize = 2_000;

/// A request about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewAttempt<'a> {
    /// Primary key. The sender chooses it, so that it can record that nothing was sent even if the commit's response was
    /// lost.
    pub id: AttemptId,
    /// The configured address.
    pub upstream: &'a str,
    /// When it is sent, epoch ms.
    pub sent_at: i64,
}

/// Inserts the next attempt of a job, whose row the caller's transaction has locked.
pub(crate) async fn insert<C: ConnectionTrait>(
    tx: &C,
    job: JobId,
    epoch: i64,
    new: NewAttempt<'_>,
) -> Result<(), DbErr> {
    let earlier = Entity::find().filter(Column::JobId.eq(job)).count(tx).await?;
    let row = ActiveModel {
        id: Set(new.id),
        job_id: Set(job),
        number: Set(i32::try_from(earlier).unwrap_or(i32::MAX - 1) + 1),
        epoch: Set(epoch),
        upstream: Set(new.upstream.to_owned()),
        sent_at: Set(new.sent_at),
        may_have_been_charged: Set(true),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    row.insert(tx).await.map(drop)
}

/// The job's attempts from number `from` on, in order.
pub async fn of_job(db: &DatabaseConnection, job: JobId, from: i32) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::JobId.eq(job))
        .filter(Column::Number.gte(from))
        .order_by_asc(Column::Number)
        .all(db)
        .await
}

/// Records that the upstream accepted the request, with the generation's id if the upstream gave one.
pub async fn record_accepted(db: &DatabaseConnection, id: AttemptId, upstream_id: Option<&str>) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(system_ms()))
        .col_expr(Column::UpstreamId, Expr::value(upstream_id))
        .exec(db)
        .await
        .map(drop)
}

/// Records where the result can be downloaded. From then on, recovery only downloads.
pub async fn record_result_url<C: ConnectionTrait>(db: &C, id: AttemptId, url: &str) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(system_ms()))
        .col_expr(Column::ResultUrl, Expr::value(url))
        .exec(db)
        .await
        .map(drop)
}

/// Records why the result of a job's attempts could not be downloaded: which addresses were tried, and what they returned.
pub async fn record_failed_download(db: &DatabaseConnection, job: JobId, detail: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Detail, Expr::value(storable(detail)))
        .filter(Column::JobId.eq(job))
        .filter(Column::ResultUrl.is_not_null())
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
    /// The last of what the upstream sent, if there is no video: at most 4 KiB, redacted.
    pub evidence: Option<&'a str>,
    /// Whether the attempt may have cost money.
    pub may_have_been_charged: bool,
}

/// The update that records how an attempt ended.
pub(crate) fn ended(id: AttemptId, end: End<'_>) -> UpdateMany<Entity> {
    update(id)
        .col_expr(Column::Outcome, Expr::value(end.outcome))
        .col_expr(Column::Detail, Expr::value(end.detail.map(storable)))
        .col_expr(Column::Evidence, Expr::value(end.evidence.map(|text| text.replace('\0', ""))))
        .col_expr(Column::MayHaveBeenCharged, Expr::value(end.may_have_been_charged))
        .col_expr(Column::FinishedAt, Expr::value(system_ms()))
}

/// Ends every open attempt with `outcome`, so that the upstream is not asked about it again. Whether it may have been charged
/// stays as it is.
pub(crate) async fn close_all<C: ConnectionTrait>(tx: &C, outcome: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(outcome))
        .col_expr(Column::FinishedAt, Expr::value(system_ms()))
        .filter(Column::Outcome.is_null())
        .exec(tx)
        .await
        .map(drop)
}

/// The text without NUL characters, which PostgreSQL rejects, and no longer than what is stored.
fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_DETAIL_CHARS).collect()
}

fn update(id: AttemptId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id))
}

/// An attempt as its job's owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub struct View {
    /// 1, 2, … within the job.
    pub number: i32,
    /// RFC 3339, UTC.
    pub sent_at: String,
    /// When the upstream confirmed that it accepted the request, RFC 3339, UTC.
    pub accepted_at: Option<String>,
    /// When the attempt ended, RFC 3339, UTC.
    pub finished_at: Option<String>,
    /// How the attempt ended: an outcome's name, or `completed`; `null` until then.
    pub outcome: Option<String>,
    /// Whether the attempt may have cost money.
    pub may_have_been_charged: bool,
}

impl From<Model> for View {
    fn from(attempt: Model) -> Self {
        Self {
            number: attempt.number,
            sent_at: rfc3339(attempt.sent_at),
            accepted_at: attempt.accepted_at.map(rfc3339),
            finished_at: attempt.finished_at.map(rfc3339),
            outcome: attempt.outcome,
            may_have_been_charged: attempt.may_have_been_charged,
        }
    }
}
