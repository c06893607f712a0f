//! `GET` of one video and of a list of videos.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entity::JobId;
use entity::job::{self, Filter};
use utoipa::IntoParams;

use crate::auth::{NO_STORE, Reader};
use crate::error::ApiError;
use crate::http::path::{Id, id};
use crate::http::query::{Parameters, Query, QueryParameters, take_page};
use crate::openai::object::{POLL_AFTER, Video, VideoList};
use crate::state::Gateway;
use crate::videos::views;

/// Get a video
///
/// While the video is unfinished, `openai-poll-after-ms` says when to ask again.
#[utoipa::path(
    get, path = "/v1/videos/{job}", operation_id = "openaiReadVideo", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    responses((status = 200, description = "The video.", body = Video)),
)]
pub(crate) async fn read(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let row = gateway.videos.batches.read(id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    let video = Video::from(job::View::from(row));
    let poll_after = video.is_active().then_some([POLL_AFTER]);
    Ok(([NO_STORE], poll_after, Json(video)).into_response())
}

/// List the caller's videos
#[utoipa::path(
    get, path = "/v1/videos", operation_id = "openaiListVideos", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    params(VideoPage),
    responses((status = 200, description = "Videos in every state.", body = VideoList)),
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Reader,
    Parameters(VideoPage { after, limit, order }): Parameters<VideoPage>,
) -> Result<Response, ApiError> {
    let oldest_first = order == Order::Asc;
    let (newer, older) = if oldest_first { (after, None) } else { (None, after) };
    let filter = Filter { user: Some(caller.user()), before: older, after: newer, oldest_first, ..Filter::default() };
    let mut rows = job::search(&gateway.db, filter, limit + 1).await?;
    let has_more = take_page(&mut rows, limit, |job| job.id).is_some();
    let videos = views(&gateway, rows).await.into_iter().map(Video::from).collect();
    Ok(([NO_STORE], Json(VideoList::new(videos, has_more))).into_response())
}

/// Selects a page of videos.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VideoPage {
    /// `last_id` of the previous page.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<JobId>,
    /// Maximum number of videos.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    limit: u64,
    /// By time of creation: `desc` is newest first.
    #[param(inline, default = "desc", required = false)]
    order: Order,
}

/// Order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

impl QueryParameters for VideoPage {
    fn read(query: &mut Query) -> Self {
        let order = query.optional("order", |text| match text {
            "asc" => Ok(Order::Asc),
            "desc" => Ok(Order::Desc),
            _ => Err(("unknown_value", "Must be asc or desc.".into())),
        });
        let after = query
            .optional("after", |text| id(text).ok_or_else(|| ("invalid_value", "Must be the id of a video.".into())));
        Self { after, limit: query.limit(), order: order.unwrap_or(Order::Desc) }
    }
}
