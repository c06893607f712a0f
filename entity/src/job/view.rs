//! A job as its owner sees it: the one JSON object of the API and of websocket frames.

use serde::Serialize;
use utoipa::ToSchema;

use super::estimate::Eta;
use super::{Model, Orientation, Phase, Status};
use crate::clock::rfc3339;
use crate::{ImageId, JobId, VideoId};

/// The whole state of a job. A client keeps the view with the highest `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
pub struct View {
    /// Id.
    pub id: JobId,
    /// State.
    pub status: Status,
    /// What the job is doing, until it has finished.
    pub phase: Option<Phase>,
    /// Percentage, 0–100.
    pub progress: i32,
    /// Incremented by each change.
    pub seq: i64,
    /// The prompt, exactly as it was sent.
    pub prompt: String,
    /// The video's orientation.
    pub orientation: Orientation,
    /// The video's length in seconds.
    pub seconds: i32,
    /// The model.
    pub model: String,
    /// The video's width and height, such as `1280x720`.
    pub size: String,
    /// The job that this one is a variation of.
    pub remix_of: Option<JobId>,
    /// The image that the video starts from.
    pub reference_image_id: Option<ImageId>,
    /// The video, once completed.
    pub video_id: Option<VideoId>,
    /// Whether the video has a poster, which is created after the video.
    pub has_poster: bool,
    /// How many seconds such a job takes from its first claim: half of the latest took at most `p50`, nine in ten at most
    /// `p90`. Null if unknown and once the job has finished. Changes without incrementing `seq`.
    pub eta_seconds: Option<Eta>,
    /// 1-based position in the queue while the job waits for its turn. Changes without incrementing `seq`.
    pub queue_position: Option<u64>,
    /// Requests repeated because the upstream did not accept the one before.
    pub retries: i32,
    /// Requests repeated although the one before may have been charged.
    pub resubmits: i32,
    /// Whether the owner cancelled the job and its worker has not stopped yet.
    pub cancelling: bool,
    /// When the next attempt starts, RFC 3339, UTC.
    pub next_attempt_at: Option<String>,
    /// Why the job failed: an outcome's name.
    pub error_code: Option<String>,
    /// Why the job failed, as text.
    pub error_message: Option<String>,
    /// Whether a request for it may have cost money without producing a video.
    pub may_have_been_charged: bool,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When a worker first claimed the job since it was created or restarted, RFC 3339, UTC.
    pub started_at: Option<String>,
    /// When the job reached a terminal state, RFC 3339, UTC.
    pub finished_at: Option<String>,
}

impl View {
    /// The view of `job`. Its position is in Redis, and its estimate is computed from other jobs.
    #[must_use]
    pub fn new(job: Model, queue_position: Option<u64>, eta: Option<Eta>) -> Self {
        Self {
            id: job.id,
            status: job.status,
            phase: job.phase,
            progress: job.progress,
            seq: job.seq,
            prompt: job.prompt,
            orientation: job.orientation,
            seconds: job.seconds,
            model: job.model,
            size: job.size,
            remix_of: job.remix_of,
            reference_image_id: job.reference_image_id,
            video_id: job.video_id,
            has_poster: job.has_poster,
            eta_seconds: eta.filter(|_| !job.status.is_terminal()),
            queue_position: queue_position.filter(|_| job.status == Status::Pending),
            retries: job.retries,
            resubmits: job.resubmits,
            cancelling: job.cancel_requested_at.is_some() && !job.status.is_terminal(),
            next_attempt_at: job.next_attempt_at.map(rfc3339),
            error_code: job.error_code,
            error_message: job.error_message,
            may_have_been_charged: job.may_have_been_charged,
            created_at: rfc3339(job.created_at),
            started_at: job.started_at.map(rfc3339),
            finished_at: job.finished_at.map(rfc3339),
        }
    }
}

impl From<Model> for View {
    fn from(job: Model) -> Self {
        Self::new(job, None, None)
    }
}
