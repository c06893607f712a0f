//! Attempts: one row per request sent to the upstream, with everything that matters for its cost.
//!
//! The row is committed before the first byte is sent. What becomes known later is recorded even by a worker that has lost
//! the job, since it says what was paid for. An attempt without an outcome is one whose fate is unknown. An attempt that may
//! have been charged counts among its day's submissions ([`submission`](crate::submission)).

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, QuerySelect, UpdateMany};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{rfc3339, system_ms};
use crate::job::JobClaim;
use crate::rows::Rows;
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
    /// The name of the upstream that it was sent to: in the catalogue, or else its address.
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
    /// What it may cost, in minor units of the currency; `None` = unknown.
    pub cost: Option<i64>,
    /// The currency of the cost, by ISO 4217.
    pub currency: Option<String>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Maximum length of a stored detail, in characters.
const MAX_DETAIL_CHARS: usize = 2_000;

/// A request about to be sent.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    /// Primary key. The sender chooses it, so that it can record that nothing was sent even if the commit's response was
    /// lost.
    pub id: AttemptId,
    /// The upstream's name.
    pub upstream: String,
    /// When it is sent, epoch ms.
    pub sent_at: i64,
    /// Whether the same claim has recorded an attempt before.
    pub is_follow_up: bool,
    /// What it may cost, in minor units of the currency of the budgets; `None` = unknown.
    pub cost: Option<i64>,
}

/// Inserts the next attempt of each of these jobs, whose rows the caller's transaction has locked.
pub(crate) async fn insert<'a, C: ConnectionTrait>(
    tx: &C,
    new: impl Iterator<Item = (JobClaim, &'a NewAttempt)> + Clone,
    currency: Option<&str>,
) -> Result<(), DbErr> {
    // The first worker of a job finds no attempts.
    let has_earlier = |(claim, new): &(JobClaim, &NewAttempt)| claim.epoch > 1 || new.is_follow_up;
    let tried_before = new.clone().filter(has_earlier).map(|(claim, _)| claim.job);
    let earlier = numbers(tx, tried_before.collect()).await?;
    let rows = new.map(|(claim, new)| ActiveModel {
        id: Set(new.id),
        job_id: Set(claim.job),
        number: Set(earlier.get(&claim.job).copied().unwrap_or(0) + 1),
        epoch: Set(claim.epoch),
        upstream: Set(new.upstream.clone()),
        sent_at: Set(new.sent_at),
        may_have_been_charged: Set(true),
        cost: Set(new.cost),
        currency: Set(currency.filter(|_| new.cost.is_some()).map(ToOwned::to_owned)),
        ..<ActiveModel as ActiveModelTrait>::default()
    });
    Entity::insert_many(rows).exec_without_returning(tx).await.map(drop)
}

/// The number of the last attempt of each of these jobs that has one.
async fn numbers<C: ConnectionTrait>(tx: &C, jobs: Vec<JobId>) -> Result<HashMap<JobId, i32>, DbErr> {
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let last = Entity::find()
        .select_only()
        .column(Column::JobId)
        .column_as(Column::Number.max(), "number")
        .filter(Column::JobId.is_in(jobs))
        .group_by(Column::JobId)
        .into_tuple::<(JobId, i32)>();
    Ok(last.all(tx).await?.into_iter().collect())
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

/// Records that the upstream accepted a request. See [`record_each_accepted`].
pub async fn record_accepted(db: &DatabaseConnection, id: AttemptId, upstream_id: Option<&str>) -> Result<(), DbErr> {
    record_each_accepted(db, &[(id, upstream_id.map(ToOwned::to_owned))]).await
}

/// Records that the upstream accepted requests, each with the generation's id if the upstream gave one.
pub async fn record_each_accepted(
    db: &DatabaseConnection,
    accepted: &[(AttemptId, Option<String>)],
) -> Result<(), DbErr> {
    let rows = Rows::new(accepted.iter().cloned());
    Entity::update_many()
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(system_ms()))
        .col_expr(Column::UpstreamId, rows.value(Column::Id, |upstream_id| Expr::value(upstream_id.clone())))
        .filter(rows.contain(Column::Id))
        .exec(db)
        .await
        .map(drop)
}

/// Records where the result can be downloaded. From then on, recovery only downloads.
pub(crate) async fn record_result_url<C: ConnectionTrait>(db: &C, id: AttemptId, url: &str) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(system_ms()))
        .col_expr(Column::ResultUrl, Expr::value(url))
        .exec(db)
        .await
        .map(drop)
}

/// The outcome of an attempt with a result.
pub const COMPLETED: &str = "completed";

/// Ends attempts with a result, each with the address where it can be downloaded. From then on, recovery only downloads.
pub async fn complete_each(db: &DatabaseConnection, completed: &[(AttemptId, String)]) -> Result<(), DbErr> {
    let rows = Rows::new(completed.iter().cloned());
    Entity::update_many()
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(system_ms()))
        .col_expr(Column::ResultUrl, rows.value(Column::Id, |url| Expr::value(url.clone())))
        .col_expr(Column::Outcome, Expr::value(COMPLETED))
        .col_expr(Column::Detail, Expr::value(None::<String>))
        .col_expr(Column::Evidence, Expr::value(None::<String>))
        .col_expr(Column::MayHaveBeenCharged, Expr::value(true))
        .col_expr(Column::FinishedAt, Expr::value(system_ms()))
        .filter(rows.contain(Column::Id))
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
