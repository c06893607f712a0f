//! The objects of OpenAI's API: a video, which is a job here, and a page of videos.

use axum::http::{HeaderName, HeaderValue};
use entity::JobId;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use entity::job::CompatibleVideo as Video;

/// How long a client should wait before it asks again, in milliseconds; as long as `Retry-After` of `/api` says.
pub(super) const POLL_AFTER: (HeaderName, HeaderValue) =
    (HeaderName::from_static("openai-poll-after-ms"), HeaderValue::from_static("2000"));

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
