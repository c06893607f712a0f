//! Attempts: one row per request sent to the upstream, holding the facts about money.
//!
//! The row exists before the first byte is sent. What becomes known later is written even by a worker that has lost
//! the job, since it says what was paid for; an attempt without an outcome is one whose fate is unknown. One that may have
//! been charged is counted among its day's submissions ([`submission`]).

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{PaginatorTrait, QueryOrder, QuerySelect, Select, UpdateMany};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::rfc3339;
use crate::job::{self, JobClaim};
use crate::{AttemptId, JobId, clock, database, submission};

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
    /// The last of what the upstream sent, if the attempt ended without a video; for administrators.
    pub evidence: Option<String>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Longest text of the upstream that is kept, in characters.
const DETAIL_CHARACTERS: usize = 2_000;

/// A request that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewAttempt<'a> {
    /// Its key: the sender's to choose, so that after a commit whose answer was lost it can still be said that nothing
    /// was sent.
    pub id: AttemptId,
    /// The configured address.
    pub upstream: &'a str,
    /// When it is sent, epoch ms.
    pub sent_at: i64,
}

/// Writes the next attempt of a job; its caller holds the job's row.
pub(crate) async fn insert<C: ConnectionTrait>(tx: &C, held: JobClaim, new: NewAttempt<'_>) -> Result<(), DbErr> {
    let earlier = Entity::find().filter(Column::JobId.eq(held.job)).count(tx).await?;
    let row = ActiveModel {
        id: Set(new.id),
        job_id: Set(held.job),
        number: Set(i32::try_from(earlier).unwrap_or(i32::MAX - 1) + 1),
        epoch: Set(held.epoch),
        upstream: Set(new.upstream.to_owned()),
        sent_at: Set(new.sent_at),
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

/// Records that the upstream has taken the request, and the id by which it can be asked again, if it gave one.
///
/// # Errors
/// The database did not do it.
pub async fn record_accepted(db: &DatabaseConnection, id: AttemptId, upstream_id: Option<&str>) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(clock::system_ms()))
        .col_expr(Column::UpstreamId, Expr::value(upstream_id))
        .exec(db)
        .await
        .map(drop)
}

/// Records where the result can be fetched; from here on recovery only fetches.
///
/// # Errors
/// The database did not do it.
pub async fn record_result_url<C: ConnectionTrait>(db: &C, id: AttemptId, url: &str) -> Result<(), DbErr> {
    update(id)
        .col_expr(Column::AcceptedAt, Expr::col(Column::AcceptedAt).if_null(clock::system_ms()))
        .col_expr(Column::ResultUrl, Expr::value(url))
        .exec(db)
        .await
        .map(drop)
}

/// Records why the result of a job's attempts could not be downloaded: which addresses were tried, and what they brought.
pub async fn record_failed_download(db: &DatabaseConnection, job: JobId, detail: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Detail, Expr::value(stored_text(detail)))
        .filter(Column::JobId.eq(job))
        .filter(Column::ResultUrl.is_not_null())
        .exec(db)
        .await
        .map(drop)
}

/// A text as it is stored: of bounded length, and without NUL characters, which PostgreSQL rejects.
fn stored_text(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(DETAIL_CHARACTERS).collect()
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
    /// Whether it may have cost money.
    pub may_have_been_charged: bool,
}

/// Records how an attempt ended. One that surely was no submission is taken off its day's count.
///
/// # Errors
/// The database did not do it.
pub async fn finish(db: &DatabaseConnection, id: AttemptId, end: End<'_>) -> Result<(), DbErr> {
    let detail = end.detail.map(stored_text);
    let evidence = end.evidence.map(|text| text.replace('\0', ""));
    let ended = update(id)
        .col_expr(Column::Outcome, Expr::value(end.outcome))
        .col_expr(Column::Detail, Expr::value(detail))
        .col_expr(Column::Evidence, Expr::value(evidence))
        .col_expr(Column::MayHaveBeenCharged, Expr::value(end.may_have_been_charged))
        .col_expr(Column::FinishedAt, Expr::value(clock::system_ms()));
    if end.may_have_been_charged {
        return ended.exec(db).await.map(drop);
    }
    let tx = database::begin(db).await?;
    let counted = ended.filter(Column::MayHaveBeenCharged.eq(true)).exec_with_returning(&tx).await?.pop();
    if let Some(attempt) = counted
        && let Some(job) = job::Entity::find_by_id(attempt.job_id).one(&tx).await?
    {
        submission::refund(&tx, submission::day_of(attempt.sent_at), job.user_id).await?;
    }
    tx.commit().await
}

/// Closes every attempt that is open: the upstream is neither asked about it nor told of its end. Whether it may have been
/// charged stays as it is.
pub(crate) async fn close_all<C: ConnectionTrait>(tx: &C, outcome: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(outcome))
        .col_expr(Column::FinishedAt, Expr::value(clock::system_ms()))
        .filter(Column::Outcome.is_null())
        .exec(tx)
        .await
        .map(drop)
}

/// Attempts that the upstream may still be working on although their jobs were cancelled, at most `limit`. Those of the
/// last seconds are left to the workers that had them in hand.
///
/// # Errors
/// The database did not answer.
pub async fn open_of_cancelled_jobs(db: &DatabaseConnection, upstream: &str, limit: u64) -> Result<Vec<Model>, DbErr> {
    let cancelled = Query::select()
        .column(job::Column::Id)
        .from(job::Entity)
        .and_where(job::Column::Status.eq(job::Status::Cancelled))
        .and_where(
            Expr::col(job::Column::FinishedAt).lt(clock::now(db.get_database_backend()).sub(clock::millis(GRACE))),
        )
        .take();
    open(upstream, true).filter(Column::JobId.in_subquery(cancelled)).limit(limit).all(db).await
}

/// Generations that are open at other upstreams than this one, at most a hundred: they can no longer be asked about.
///
/// # Errors
/// The database did not answer.
pub async fn open_at_other_upstreams(db: &DatabaseConnection, upstream: &str) -> Result<Vec<Model>, DbErr> {
    let unfinished = Query::select()
        .column(job::Column::Id)
        .from(job::Entity)
        .and_where(job::Column::Status.is_in([job::Status::Pending, job::Status::Processing]))
        .take();
    open(upstream, false).filter(Column::JobId.in_subquery(unfinished)).limit(MOST_LISTED).all(db).await
}

/// How long a worker has to tell the upstream by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Most attempts that are listed.
const MOST_LISTED: u64 = 100;

/// In literal words, or SQLite would not use the partial index.
fn open(upstream: &str, here: bool) -> Select<Entity> {
    let place = if here { Column::Upstream.eq(upstream) } else { Column::Upstream.ne(upstream) };
    Entity::find().filter(Expr::cust("upstream_id IS NOT NULL AND outcome IS NULL")).filter(place)
}

fn update(id: AttemptId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id))
}

/// An attempt as its job's owner sees it: what was asked of the upstream, and what it may have cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub struct View {
    /// 1, 2, … within the job.
    pub number: i32,
    /// RFC 3339.
    pub sent_at: String,
    /// When the upstream showed that it had taken it, RFC 3339.
    pub accepted_at: Option<String>,
    /// When it ended, RFC 3339.
    pub finished_at: Option<String>,
    /// How it ended: an outcome's name, or `completed`; `null` while it goes on.
    pub outcome: Option<String>,
    /// Whether it may have cost money.
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
