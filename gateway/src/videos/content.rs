//! `GET /api/videos/{video}/content`: streams the file, which is never held in memory as a whole.
//!
//! Ownership is checked first, so that neither `ETag` nor `Range` reveals another user's video. The content type comes from a
//! fixed list, whatever the upstream sent, so that a browser never runs the file as a page.

use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::VideoId;
use entity::video::{self, Model};
use futures::TryStreamExt;

use crate::auth::Reader;
use crate::error::{ApiError, ErrorCode};
use crate::http::conditional::none_match;
use crate::http::path::Id;
use crate::state::Gateway;
use crate::videos::range::{Part, part};

/// Get a video's file
#[utoipa::path(
    get, path = "/api/videos/{video}/content", operation_id = "readContent", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(
        ("download" = Option<String>, Query, description = "`1`: browsers save the file."),
        ("Range" = Option<String>, Header, description = "One range of bytes."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response."),
    ),
    responses(
        (status = 200, description = "The whole file.", body = inline(Value), content_type = "video/mp4"),
        (status = 206, description = "The requested part.", body = inline(Value), content_type = "video/mp4"),
        (status = 304, description = "Nothing has changed."),
    ),
    extensions(("x-errors" = json!([ErrorCode::RangeNotSatisfiable]))),
)]
pub(crate) async fn content(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<VideoId>,
    request: Parts,
) -> Result<Response, ApiError> {
    let video = video::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    send_file(&gateway, &video, &request).await
}

/// Returns the file of `video`, or the requested part.
pub(crate) async fn send_file(gateway: &Gateway, video: &Model, request: &Parts) -> Result<Response, ApiError> {
    let headers = &request.headers;
    let headers_of_file = file_headers(video, request.uri.query().unwrap_or_default());
    let tag = format!("\"{}\"", video.sha256);
    if !none_match(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers_of_file).into_response());
    }
    // Ranges are defined for GET only.
    if request.method == Method::HEAD {
        let size = gateway.storage().await?.size(&video.path).await.map_err(|error| storage_error(video, error))?;
        return Ok((headers_of_file, [(header::CONTENT_LENGTH, size)]).into_response());
    }
    let size = u64::try_from(video.size).unwrap_or_default();
    let range = match part(headers, size, &tag, &last_modified(video)) {
        Part::Whole => None,
        Part::Of(range) => Some(range),
        Part::Unsatisfiable => return Err(ApiError::RangeNotSatisfiable { size }),
    };
    let content =
        gateway.storage().await?.get(&video.path, range.clone()).await.map_err(|error| storage_error(video, error))?;
    let sent = metrics::counter!("sora_video_sent_bytes_total");
    let bytes = content.bytes.inspect_ok(move |chunk| sent.increment(chunk.len() as u64));
    let length = content.range.end.saturating_sub(content.range.start);
    let mut response = (headers_of_file, [(header::CONTENT_LENGTH, length)], Body::from_stream(bytes)).into_response();
    if let Some(range) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
        response.headers_mut().extend(HeaderValue::from_str(&range).map(|range| (header::CONTENT_RANGE, range)));
    }
    Ok(response)
}

fn storage_error(video: &Model, error: storage::Error) -> ApiError {
    match error {
        storage::Error::NotFound(_) => ApiError::Internal(format!("the file of video {} is missing", video.id)),
        error => ApiError::unavailable(error),
    }
}

/// Get a still of a video
///
/// It is made after the video has been stored; `hasPoster` of the job says whether there is one.
#[utoipa::path(
    get, path = "/api/videos/{video}/poster", operation_id = "readPoster", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response.")),
    responses(
        (status = 200, description = "A JPEG.", body = inline(Value), content_type = "image/jpeg"),
        (status = 304, description = "Nothing has changed."),
    ),
    extensions(("x-errors" = json!([ErrorCode::NoPoster]))),
)]
pub(crate) async fn poster(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<VideoId>,
    request: Parts,
) -> Result<Response, ApiError> {
    let video = video::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    send_poster(&gateway, &video, &request).await
}

/// Returns the poster of `video`.
pub(crate) async fn send_poster(gateway: &Gateway, video: &Model, request: &Parts) -> Result<Response, ApiError> {
    let path = video.poster_path.as_deref().ok_or(ApiError::NoPoster)?;
    let poster = Picture { path, kind: "poster", name: format!("sora-{}.jpg", video.id) };
    send_picture(gateway, video, poster, request).await?.ok_or(ApiError::NoPoster)
}

/// A JPEG that was made of a video, and never changes.
pub(crate) struct Picture<'a> {
    /// Path in the storage.
    pub(crate) path: &'a str,
    /// Kind of picture, for its tag.
    pub(crate) kind: &'static str,
    /// Name for browsers.
    pub(crate) name: String,
}

/// Returns a picture of `video`, or `None` if there is no such file.
pub(crate) async fn send_picture(
    gateway: &Gateway,
    video: &Model,
    Picture { path, kind, name }: Picture<'_>,
    request: &Parts,
) -> Result<Option<Response>, ApiError> {
    let tag = format!("\"{kind}-{}\"", video.sha256);
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    if !none_match(&request.headers, &tag) {
        return Ok(Some((StatusCode::NOT_MODIFIED, headers).into_response()));
    }
    let content = match gateway.storage().await?.get(path, None).await {
        Ok(content) => content,
        Err(storage::Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(ApiError::storage(error)),
    };
    let length = [(header::CONTENT_LENGTH, content.size)];
    Ok(Some((headers, length, Body::from_stream(content.bytes)).into_response()))
}

/// Returns the headers that describe the whole file.
fn file_headers(video: &Model, query: &str) -> HeaderMap {
    let download =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "download" && value == "1");
    let disposition = if download { "attachment" } else { "inline" };
    let (kind, extension) = media_type(&video.content_type);
    let texts = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename=\"sora-{}.{extension}\"", video.id)),
        (header::ETAG, format!("\"{}\"", video.sha256)),
        (header::LAST_MODIFIED, last_modified(video)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?))).collect()
}

/// Returns the content type and file extension: types that a browser plays and never runs. Any other is only downloaded.
fn media_type(recorded: &str) -> (&'static str, &'static str) {
    match recorded {
        "video/mp4" => ("video/mp4", "mp4"),
        "video/webm" => ("video/webm", "webm"),
        "video/quicktime" => ("video/quicktime", "mov"),
        _ => ("application/octet-stream", "bin"),
    }
}

fn last_modified(video: &Model) -> String {
    let since = Duration::from_millis(u64::try_from(video.created_at).unwrap_or_default());
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}
