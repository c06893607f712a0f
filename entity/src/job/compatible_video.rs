//! A job as OpenAI's Videos API describes it, for programs that were written for that API.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Status, View};
use crate::JobId;
use crate::clock::parse_rfc3339;

/// A video, from the request for it to the stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiVideo)]
pub struct CompatibleVideo {
    /// Id; the same as the job's in `/api`.
    pub id: JobId,
    /// Always `video`.
    pub object: &'static str,
    /// Model.
    pub model: String,
    /// State.
    pub status: CompatibleStatus,
    /// Percentage, 0–100.
    pub progress: i32,
    /// Seconds since 1970.
    pub created_at: i64,
    /// When it was completed or failed, in seconds since 1970.
    pub completed_at: Option<i64>,
    /// Always null: the server may delete videos after a time that it does not announce.
    pub expires_at: Option<i64>,
    /// Length in seconds.
    pub seconds: String,
    /// Width and height, such as `1280x720`.
    pub size: String,
    /// The prompt.
    pub prompt: String,
    /// The video that this one is a remix of.
    pub remixed_from_video_id: Option<JobId>,
    /// Why it failed.
    pub error: Option<CompatibleError>,
}

/// The state of a video. The SDKs know no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiVideoStatus)]
pub enum CompatibleStatus {
    /// Waiting.
    Queued,
    /// Being processed.
    InProgress,
    /// The video is stored.
    Completed,
    /// Finished without a video, or cancelled.
    Failed,
}

/// Why a video failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiVideoError)]
pub struct CompatibleError {
    /// Reason, for programs: `errorCode` of the job, or `cancelled`.
    pub code: String,
    /// Reason, for people.
    pub message: String,
}

impl CompatibleVideo {
    /// Whether the video will still change.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.status, CompatibleStatus::Queued | CompatibleStatus::InProgress)
    }
}

impl From<View> for CompatibleVideo {
    fn from(job: View) -> Self {
        let seconds = |instant: &str| parse_rfc3339(instant).map_or(0, |ms| ms.div_euclid(1_000));
        Self {
            object: "video",
            status: job.status.into(),
            created_at: seconds(&job.created_at),
            completed_at: job.finished_at.as_deref().map(seconds),
            expires_at: None,
            seconds: job.seconds.to_string(),
            remixed_from_video_id: job.remix_of,
            error: error(&job),
            id: job.id,
            model: job.model,
            progress: job.progress,
            size: job.size,
            prompt: job.prompt,
        }
    }
}

impl From<Status> for CompatibleStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Queued,
            Status::Processing => Self::InProgress,
            Status::Completed => Self::Completed,
            Status::Failed | Status::Cancelled => Self::Failed,
        }
    }
}

fn error(job: &View) -> Option<CompatibleError> {
    let (code, message) = match job.status {
        Status::Cancelled => ("cancelled", "The video was cancelled."),
        Status::Failed => ("failed", "The video could not be generated."),
        Status::Pending | Status::Processing | Status::Completed => return None,
    };
    Some(CompatibleError {
        code: job.error_code.clone().unwrap_or_else(|| code.to_owned()),
        message: job.error_message.clone().unwrap_or_else(|| message.to_owned()),
    })
}
