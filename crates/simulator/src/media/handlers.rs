//! `/media/…`: downloads. A URL works once the stream has sent it or the generation has been created, until the store
//! drops the video.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

use super::video::Video;
use crate::http::error::ApiError;
use crate::state::AppState;

/// `GET /media/{id}.mp4`, and HEAD.
pub(crate) async fn video(
    State(app): State<Arc<AppState>>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let video = find(&app, name.strip_suffix(".mp4"))?;
    Ok(video.respond_at_url(&app.counters, &app.base_url(&headers), &method, &headers))
}

/// `GET /media/{id}/file.mp4`, and HEAD: the target of `url-redirect`.
pub(crate) async fn redirect_target(
    State(app): State<Arc<AppState>>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Ok(find(&app, Some(&id))?.serve(&app.counters, &method, &headers))
}

fn find(app: &AppState, id: Option<&str>) -> Result<Arc<Video>, ApiError> {
    let video = id.and_then(|id| app.videos.find(id.parse().ok()?));
    video.ok_or_else(|| ApiError::invalid(StatusCode::NOT_FOUND, "No such video.").code("not_found"))
}
