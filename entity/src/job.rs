//! Jobs: one row per video that a user asked for, and the only functions that change its state.
//!
//! ```text
//!             ┌───── retry later · handed over · worker reaped ──────────┐
//!             ▼                                                          │
//! POST ─▶ pending ──claim──▶ processing {submitting → queued → generating → downloading} ──▶ completed
//!             │                    │                            └──▶ failed
//!             └──── cancel ────────┴──▶ cancelled
//! ```
//!
//! Terminal states are final, except that the owner can restart a job. Each transition is one conditional update that
//! increments `seq` and returns the row as committed. It returns nothing if its condition did not hold: then another process
//! changed the job first, and the caller must write nothing more about it. A transition that finishes a job enqueues its
//! webhook events in the same transaction.

mod attempts;
mod bulk;
mod claim;
mod compatible_video;
mod create;
mod estimate;
mod fail_after_restore;
mod owner;
mod poster;
mod queue;
mod read;
mod requeue;
mod status;
mod transition;
mod update;
mod view;

use sea_orm::entity::prelude::*;

use crate::{ImageId, JobId, UserId, VideoId, WorkerId};

pub use attempts::{
    AttemptStart, cancelled_open_attempts, finish_attempt, open_attempts_at_other_upstreams, start_attempt,
    start_attempts,
};
pub use bulk::{BulkCancellation, Filter, cancel_all, search};
pub use claim::{ClaimResult, JobClaim, claim, claim_each, claimed_by};
pub use compatible_video::{CompatibleError, CompatibleStatus, CompatibleVideo};
pub use create::{Creation, New, create, create_each};
pub use estimate::{Estimates, Eta};
pub(crate) use fail_after_restore::fail_after_restore;
pub use owner::{CancelResult, DeletedJob, ResultAdded, add_result, cancel, delete, refetch, restart};
pub use poster::record_inspection;
pub(crate) use queue::is_pending;
pub use queue::{oldest_pending, pending_after, promote_all, promote_due};
pub use read::{
    by_id, by_ids, by_ids_of_user, finished_before, finished_since, of_user, of_user_finished_since, snapshot,
};
pub use requeue::{MAX_CRASHES, RetryBudget, hand_over, requeue_orphan, retry_later};
pub(crate) use requeue::{is_poisoned, requeue};
pub use status::{Orientation, Phase, Status};
pub use transition::{JobFailure, NewVideo, advance, advance_each, complete, complete_each, fail, finish_cancelled};
pub(crate) use update::charged_since_restart;
pub use view::View;

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// The owner.
    pub user_id: UserId,
    /// The prompt, exactly as it was sent.
    pub prompt: String,
    /// The video's orientation.
    pub orientation: Orientation,
    /// The video's length in seconds.
    pub seconds: i32,
    /// The model, one of `/api/models`.
    pub model: String,
    /// The video's width and height, such as `1280x720`.
    pub size: String,
    /// The job that this one is a variation of.
    pub remix_of: Option<JobId>,
    /// The image that the video starts from.
    pub reference_image_id: Option<ImageId>,
    /// The state.
    pub status: Status,
    /// What the job is doing, until it has finished.
    pub phase: Option<Phase>,
    /// 0–100. Never decreases within an attempt; 100 only once the file is stored.
    pub progress: i32,
    /// Incremented by each committed change.
    pub seq: i64,
    /// Incremented whenever the job leaves or changes its worker; writes with an older epoch are rejected.
    pub epoch: i64,
    /// The worker that processes it.
    pub worker_id: Option<WorkerId>,
    /// Used retry budget: requests that certainly started nothing.
    pub retries: i32,
    /// Used resubmit budget: requests whose fate is unknown, or that were accepted and then lost.
    pub resubmits: i32,
    /// Used fetch budget: failed downloads of the result.
    pub fetches: i32,
    /// Workers that died while processing it.
    pub crashes: i32,
    /// The first attempt that counts. A restart leaves earlier attempts behind.
    pub attempts_from: i32,
    /// When its owner cancelled it while it was processed, epoch ms.
    pub cancel_requested_at: Option<i64>,
    /// The job cannot be claimed before this time, epoch ms.
    pub next_attempt_at: Option<i64>,
    /// Its video, once completed.
    pub video_id: Option<VideoId>,
    /// Whether its video has a poster.
    pub has_poster: bool,
    /// Why it failed: an outcome's name.
    pub error_code: Option<String>,
    /// Why it failed, for its owner.
    pub error_message: Option<String>,
    /// Whether a request for it may have cost money without producing a video.
    pub may_have_been_charged: bool,
    /// The W3C trace context of the request that created it.
    pub traceparent: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
    /// When it was first claimed since it was created or restarted, epoch ms.
    pub started_at: Option<i64>,
    /// When it reached a terminal state, epoch ms.
    pub finished_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
