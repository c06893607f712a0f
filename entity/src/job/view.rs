//! A job as its owner sees it: the one JSON shape of the API, the polling endpoints and the live frames.

use serde::Serialize;
use utoipa::ToSchema;

use super::estimate::Eta;
use super::{Model, Orientation, Phase, Status};
use crate::clock::rfc3339;
use crate::{ImageId, JobId, VideoId};

/// The job's absolute state. A client keeps the view with the higher `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
pub struct View {
    /// Key.
    pub id: JobId,
    /// Where it is in its life.
    pub status: Status,
    /// What it is doing, while it is not finished.
    pub phase: Option<Phase>,
    /// 0–100.
    pub progress: i32,
    /// One up with each change.
    pub seq: i64,
    /// Exactly as it was sent.
    pub prompt: String,
    /// The video's shape.
    pub orientation: Orientation,
    /// The video's length.
    pub seconds: i32,
    /// The model asked for.
    pub model: String,
    /// The video's width and height, such as `1280x720`.
    pub size: String,
    /// The job that it is a variation of.
    pub remix_of: Option<JobId>,
    /// The picture that it starts from.
    pub reference_image_id: Option<ImageId>,
    /// Its video, once completed.
    pub video_id: Option<VideoId>,
    /// Whether the video has a poster, which is made after it.
    pub has_poster: bool,
    /// How long such a job takes once a worker has it, in seconds: half of the latest within `p50`, nine in ten within
    /// `p90`. Null where too little is known, and once it has ended; not part of what `seq` counts.
    pub eta_seconds: Option<Eta>,
    /// 1-based place in line while it waits its turn; not part of what `seq` counts.
    pub queue_position: Option<u64>,
    /// Requests repeated because the upstream could not take them.
    pub retries: i32,
    /// Requests repeated although the one before may have been charged.
    pub resubmits: i32,
    /// Whether its owner has cancelled it and its worker has still to let go.
    pub cancelling: bool,
    /// When the next try begins, RFC 3339.
    pub next_attempt_at: Option<String>,
    /// Why it failed: an outcome's name.
    pub error_code: Option<String>,
    /// The same in words.
    pub error_message: Option<String>,
    /// Whether some request for it may have cost money without bringing a video.
    pub may_have_been_charged: bool,
    /// RFC 3339.
    pub created_at: String,
    /// When a worker first took it since it was made or begun anew, RFC 3339.
    pub started_at: Option<String>,
    /// When it became terminal, RFC 3339.
    pub finished_at: Option<String>,
}

impl View {
    /// The view of `job`, whose place in line is the queue's to know, and whose likely time that of others like it.
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
