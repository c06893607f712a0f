//! `/media/…`: downloads. A URL works once the stream has sent it or the generation has been created, until the store
//! drops the video.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

use super::companion::companion;
use super::video::{Video, url_expired};
use crate::http::error::ApiError;
use crate::state::AppState;

/// `GET /media/{id}.mp4` and `GET /media/{id}%2Fraw`, and HEAD.
pub(crate) async fn video(
    State(app): State<Arc<AppState>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = name.strip_suffix(".mp4").or_else(|| name.strip_suffix("/raw"));
    let video = find(&app, id)?;
    if !video.accepts_query(query.as_deref()) {
        return Ok(url_expired());
    }
    Ok(video.respond_at_url(&app.counters, &app.base_url(&headers), &method, &headers))
}

/// `GET /media/{id}/{file}`, and HEAD: the video under another name, or a file beside it. `file.mp4` is the target of
/// redirects.
pub(crate) async fn file(
    State(app): State<Arc<AppState>>,
    Path((id, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let video = find(&app, Some(&id))?;
    match file.as_str() {
        "file.mp4" => Ok(video.serve(&app.counters, &method, &headers)),
        "v(1).mp4" | "index.m3u8" | "video.webm" | "video.mov" => {
            Ok(video.respond_at_url(&app.counters, &app.base_url(&headers), &method, &headers))
        }
        name => companion(name).ok_or_else(not_found),
    }
}

fn find(app: &AppState, id: Option<&str>) -> Result<Arc<Video>, ApiError> {
    id.and_then(|id| app.videos.find(id.parse().ok()?)).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::invalid(StatusCode::NOT_FOUND, "No such video.").code("not_found")
}
