//! The objects of OpenAI's API: a video, which is a job here, and a page of videos.

use axum::http::{HeaderName, HeaderValue};
use entity::JobId;
use entity::clock::parse_rfc3339;
use entity::job::{Status, View};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a client should wait before it asks again, in milliseconds; as long as `Retry-After` of `/api` says.
pub(super) const POLL_AFTER: (HeaderName, HeaderValue) =
    (HeaderName::from_static("openai-poll-after-ms"), HeaderValue::from_static("2000"));

/// A video, from the request for it to the stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiVideo)]
pub(crate) struct Video {
    /// Id; the same as the job's in `/api`.
    pub(super) id: JobId,
    /// Always `video`.
    object: &'static str,
    /// Model.
    model: String,
    /// State.
    status: VideoStatus,
    /// Percentage, 0–100.
    progress: i32,
    /// Seconds since 1970.
    created_at: i64,
    /// When it was completed or failed, in seconds since 1970.
    completed_at: Option<i64>,
    /// Always null: the server may delete videos after a time that it does not announce.
    expires_at: Option<i64>,
    /// Length in seconds.
    seconds: String,
    /// Width and height, such as `1280x720`.
    size: String,
    /// The prompt.
    prompt: String,
    /// The video that this one is a remix of.
    remixed_from_video_id: Option<JobId>,
    /// Why it failed.
    error: Option<VideoError>,
}

/// The state of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiVideoStatus)]
enum VideoStatus {
    Queued,
    InProgress,
    Completed,
    Failed,
}

/// Why a video failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiVideoError)]
struct VideoError {
    /// Reason, for programs: `errorCode` of the job, or `cancelled`.
    code: String,
    /// Reason, for people.
    message: String,
}

impl From<View> for Video {
    fn from(job: View) -> Self {
        let seconds = |instant: &str| parse_rfc3339(instant).map_or(0, |ms| ms.div_euclid(1_000));
        Self {
            object: "video",
            status: status(job.status),
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

impl Video {
    /// Whether the video will still change.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.status, VideoStatus::Queued | VideoStatus::InProgress)
    }
}

fn status(status: Status) -> VideoStatus {
    match status {
        Status::Pending => VideoStatus::Queued,
        Status::Processing => VideoStatus::InProgress,
        Status::Completed => VideoStatus::Completed,
        // The SDKs know no other state in which a video ends.
        Status::Failed | Status::Cancelled => VideoStatus::Failed,
    }
}

fn error(job: &View) -> Option<VideoError> {
    let (code, message) = match job.status {
        Status::Cancelled => ("cancelled", "The video was cancelled."),
        Status::Failed => ("failed", "The video could not be generated."),
        _ => return None,
    };
    Some(VideoError {
        code: job.error_code.clone().unwrap_or_else(|| code.to_owned()),
        message: job.error_message.clone().unwrap_or_else(|| message.to_owned()),
    })
}

/// A page of videos.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiVideoList)]
pub(crate) struct VideoList {
    /// Always `list`.
    object: &'static str,
    /// The videos.
    data: Vec<Video>,
    /// Id of the first one.
    first_id: Option<JobId>,
    /// Id of the last one: `after` of the next page.
    last_id: Option<JobId>,
    /// Whether there is a next page.
    has_more: bool,
}

impl VideoList {
    /// Returns the page that holds `videos`.
    pub(super) fn new(videos: Vec<Video>, has_more: bool) -> Self {
        let id = |video: Option<&Video>| video.map(|video| video.id);
        let (first_id, last_id) = (id(videos.first()), id(videos.last()));
        Self { object: "list", data: videos, first_id, last_id, has_more }
    }
}
