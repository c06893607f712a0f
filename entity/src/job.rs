//! Jobs: one row for each video that somebody asked for, and the only ways to change its state.
//!
//! ```text
//!             ┌──────── retry in t · handed over · worker buried ────────┐
//!             ▼                                                          │
//! POST ─▶ pending ──claim──▶ processing {submitting → queued → generating → downloading} ──▶ completed
//!             │                    │                            └──▶ failed
//!             └──── cancel ────────┴──▶ cancelled
//! ```
//!
//! Terminal states absorb. Each transition is one conditional update that raises `seq` and answers with the row as
//! committed, or with nothing: then the caller lost and must write nothing more about the job. [`transition`] holds
//! those of the worker that has the job in hand, [`queue`] those of the queue around it, [`owner`] those of its owner,
//! [`view`] what that one sees.

mod bulk;
mod estimate;
mod expiry;
mod fail_after_restore;
mod owner;
mod queue;
mod transition;
mod view;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::new_id;
use crate::idempotency_key::{self, Idempotent, Key};
use crate::{ImageId, JobId, UserId, VideoId, WorkerId, clock, database};

pub use bulk::{BulkCancellation, Filter, cancel_all, oldest_pending, search};
pub(crate) use bulk::{contains, poisoned};
pub use estimate::{Estimates, Eta};
pub use expiry::finished_before;
pub(crate) use fail_after_restore::fail_after_restore;
pub use owner::{CancelResult, DeletedJob, ResultAdded, add_result, cancel, delete, refetch, restart};
pub use queue::{ClaimResult, claim, claimed_by, finished_since, pending_after, promote_due, requeue_orphan};
pub(crate) use queue::{pending, requeue};
pub use transition::{
    AttemptStart, JobClaim, JobFailure, NewVideo, RetryBudget, advance, complete, fail, finish_cancelled, hand_over,
    retry_later, set_has_poster, start_attempt,
};
pub use view::View;

/// How many workers a job may outlive before it counts as the cause of their deaths.
pub const MAX_CRASHES: i32 = 3;

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Ours, waiting: for its turn or for its next attempt.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// In a worker's hands.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// The video is stored.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// It ended without a video.
    #[sea_orm(string_value = "failed")]
    Failed,
    /// Its owner no longer wants it.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl Status {
    /// Its name, as the API and the events spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        <Self as sea_orm::Iterable>::iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing will change any more by itself.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What a job that is not finished is doing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Pending until `next_attempt_at`.
    #[sea_orm(string_value = "retrying")]
    Retrying,
    /// The request is on its way to the upstream.
    #[sea_orm(string_value = "submitting")]
    Submitting,
    /// The upstream took it and has not begun.
    #[sea_orm(string_value = "queued")]
    Queued,
    /// The upstream works on it.
    #[sea_orm(string_value = "generating")]
    Generating,
    /// The result is being fetched.
    #[sea_orm(string_value = "downloading")]
    Downloading,
}

impl Phase {
    /// Its name, as the API and the metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Submitting => "submitting",
            Self::Queued => "queued",
            Self::Generating => "generating",
            Self::Downloading => "downloading",
        }
    }
}

/// The video's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// Wide.
    #[sea_orm(string_value = "landscape")]
    Landscape,
    /// Tall.
    #[sea_orm(string_value = "portrait")]
    Portrait,
}

impl Orientation {
    /// Its name, as the API and the upstream's model names spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landscape => "landscape",
            Self::Portrait => "portrait",
        }
    }
}

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// Whose it is.
    pub user_id: UserId,
    /// Exactly as it was sent.
    pub prompt: String,
    /// The video's shape.
    pub orientation: Orientation,
    /// The video's length.
    pub seconds: i32,
    /// What was asked for, out of `/api/models`.
    pub model: String,
    /// The video's width and height, such as `1280x720`.
    pub size: String,
    /// The job that it is a variation of.
    pub remix_of: Option<JobId>,
    /// The picture that it starts from.
    pub reference_image_id: Option<ImageId>,
    /// Where it is in its life.
    pub status: Status,
    /// What it is doing, while it is not finished.
    pub phase: Option<Phase>,
    /// 0–100; never decreases within an attempt, 100 only with the file stored.
    pub progress: i32,
    /// One up with each committed change.
    pub seq: i64,
    /// One up with each change of hands; what the former holder writes afterwards is refused.
    pub epoch: i64,
    /// Who has it in hand.
    pub worker_id: Option<WorkerId>,
    /// Drawn from the retry budget: requests that surely started nothing.
    pub retries: i32,
    /// Drawn from the resubmit budget: requests whose fate is unknown, or that were accepted and lost.
    pub resubmits: i32,
    /// Drawn from the fetch budget: downloads of the result that failed.
    pub fetches: i32,
    /// Workers that died with it in hand.
    pub crashes: i32,
    /// The first attempt that still counts: its owner's wish to start anew leaves earlier ones behind.
    pub attempts_from: i32,
    /// When its owner asked to cancel it in mid-work, epoch ms.
    pub cancel_requested_at: Option<i64>,
    /// While set and in the future, nobody may claim it; epoch ms.
    pub next_attempt_at: Option<i64>,
    /// Its video, once completed.
    pub video_id: Option<VideoId>,
    /// Whether its video has a poster.
    pub has_poster: bool,
    /// Why it failed: an outcome's name.
    pub error_code: Option<String>,
    /// The same in words for its owner.
    pub error_message: Option<String>,
    /// Whether some request for it may have cost money without bringing a video.
    pub may_have_been_charged: bool,
    /// The W3C trace context of the request that made it.
    pub traceparent: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
    /// When it was first claimed since it was made or begun anew, epoch ms.
    pub started_at: Option<i64>,
    /// When it became terminal, epoch ms.
    pub finished_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct New {
    /// For whom.
    pub user_id: UserId,
    /// Kept exactly.
    pub prompt: String,
    /// The video's shape.
    pub orientation: Orientation,
    /// The video's length.
    pub seconds: i32,
    /// Out of `/api/models`.
    pub model: String,
    /// Out of `/api/models`, such as `1280x720`.
    pub size: String,
    /// A job of the same user.
    pub remix_of: Option<JobId>,
    /// A picture of the same user.
    pub reference_image_id: Option<ImageId>,
    /// The request's trace context.
    pub traceparent: Option<String>,
}

/// Creates `count` pending jobs, all or none, under a client's key if there is one. Once this has committed they will end,
/// with or without Redis: the row is the outbox.
///
/// # Errors
/// The database did not do it.
pub async fn create(
    db: &DatabaseConnection,
    new: &New,
    count: usize,
    key: Option<&Key>,
) -> Result<Idempotent<Vec<Model>>, DbErr> {
    let tx = database::begin(db).await?;
    let ids: Vec<JobId> = (0..count).map(|_| new_id()).collect();
    if let Some(key) = key {
        match idempotency_key::claim(&tx, new.user_id, key, &ids).await? {
            Idempotent::Created(()) => {}
            Idempotent::Replayed(jobs) => return Ok(Idempotent::Replayed(jobs)),
            Idempotent::Conflict => return Ok(Idempotent::Conflict),
        }
    }
    let mut jobs = Vec::with_capacity(count);
    for id in ids {
        jobs.push(insert(&tx, id, new.clone()).await?);
    }
    tx.commit().await?;
    Ok(Idempotent::Created(jobs))
}

async fn insert<C: ConnectionTrait>(tx: &C, id: JobId, new: New) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(id),
        user_id: Set(new.user_id),
        prompt: Set(new.prompt),
        orientation: Set(new.orientation),
        seconds: Set(new.seconds),
        model: Set(new.model),
        size: Set(new.size),
        remix_of: Set(new.remix_of),
        reference_image_id: Set(new.reference_image_id),
        status: Set(Status::Pending),
        traceparent: Set(new.traceparent),
        created_at: Set(clock::system_ms()),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    row.insert(tx).await
}

/// The job, if it belongs to `user`.
///
/// # Errors
/// The database did not answer.
pub async fn of_user(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// What a page that opens shows: every unfinished job of the user and the latest finished ones, newest first.
///
/// # Errors
/// The database did not answer.
pub async fn snapshot(db: &DatabaseConnection, user: UserId, finished: u64) -> Result<Vec<Model>, DbErr> {
    let unfinished = [Status::Pending, Status::Processing];
    let of_user = || Entity::find().filter(Column::UserId.eq(user));
    // Not in order, so that the index by status serves it; all are put in order below.
    let mut jobs = of_user().filter(Column::Status.is_in(unfinished)).all(db).await?;
    let over = of_user().filter(Column::Status.is_not_in(unfinished)).order_by_desc(Column::Id);
    jobs.extend(over.limit(finished).all(db).await?);
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
    Ok(jobs)
}

/// The job as it stands.
///
/// # Errors
/// The database did not answer.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: JobId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Those of `ids` that are jobs of `user`, in no order.
///
/// # Errors
/// The database did not answer.
pub async fn by_ids_of_user(db: &DatabaseConnection, user: UserId, ids: &[JobId]) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find().filter(Column::UserId.eq(user)).filter(Column::Id.is_in(ids.iter().copied())).all(db).await
}
