//! Share links: each shows one video to anyone who has it.
//!
//! A link's token identifies a row and is signed, with a key used for nothing else, over the row's id, the video, what of
//! it is shown, and the expiry. It contains no dot, because the page's address would look like that of a file. The row is
//! read each time, so that a link can be revoked. A link reveals nothing about the owner, the prompt, or how the video was
//! made.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use entity::clock::{millis, rfc3339, system_ms};
use entity::job::{self, Orientation};
use entity::{ShareId, VideoId, share, video};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Creator, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::path::{Id, Name, id};
use crate::state::Gateway;
use crate::videos::content::{send_file, send_poster};

/// Default and maximum lifetime of a link.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7 * 86_400);
const MAX_LIFETIME: i64 = 365 * 86_400;

/// A link as returned to its creator, once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Share {
    /// Key.
    pub(crate) id: ShareId,
    /// Token for `/api/shares/{token}`.
    pub(crate) token: String,
    /// Page that shows the video.
    pub(crate) url: String,
    /// RFC 3339, UTC.
    pub(crate) expires_at: String,
}

/// A video as shown by a link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedVideo {
    /// Orientation.
    pub(crate) orientation: Orientation,
    /// Length in seconds.
    pub(crate) seconds: i32,
    /// Whether there is a poster.
    pub(crate) has_poster: bool,
    /// MIME type.
    pub(crate) content_type: String,
    /// Size in bytes.
    pub(crate) size: i64,
    /// When the link expires, RFC 3339, UTC.
    pub(crate) expires_at: String,
}

/// Maximum number of active links per user.
const MAX_LINKS: u64 = 200;

/// The link to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"expiresIn": 86_400}))]
pub(crate) struct CreateShareRequest {
    /// Seconds until the link expires; a week by default.
    #[schema(value_type = Option<i64>, minimum = 60, maximum = 31_536_000)]
    expires_in: Option<Duration>,
}

impl RequestBody for CreateShareRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { expires_in: fields.optional_number("expiresIn", lifetime)? })
    }
}

/// Create a share link for a video
#[utoipa::path(
    post, path = "/api/videos/{video}/shares", operation_id = "shareVideo", tag = "Shares",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    request_body = CreateShareRequest,
    responses((status = 201, description = "The link.", body = Share)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn share(
    State(gateway): State<Gateway>,
    creator: Creator,
    Id(id): Id<VideoId>,
    JsonBody { content: CreateShareRequest { expires_in }, .. }: JsonBody<CreateShareRequest>,
) -> Result<Response, ApiError> {
    let video = video::of_user(&gateway.db, id, creator.user()).await?.ok_or(ApiError::NotFound)?;
    let lifetime = expires_in.unwrap_or(DEFAULT_LIFETIME);
    let too_many = ApiError::WrongState("An account can have at most 200 active share links. Revoke some first.");
    let expires_at = system_ms() + millis(lifetime);
    let row = share::create(&gateway.db, &video, expires_at, MAX_LINKS).await?.ok_or(too_many)?;
    let token = format!("{}_{}", row.id, gateway.videos.share_links.sign(&signed_text(&row)));
    let url = gateway.config.http.public_url.join(&format!("share/{token}"));
    let url = url.map_err(|error| ApiError::Internal(error.to_string()))?.into();
    let body = Share { id: row.id, token, url, expires_at: rfc3339(row.expires_at) };
    Ok((StatusCode::CREATED, [NO_STORE], Json(body)).into_response())
}

/// Revoke all share links of a video
#[utoipa::path(
    delete, path = "/api/videos/{video}/shares", operation_id = "unshareVideo", tag = "Shares",
    security(("session" = []), ("cookie" = []), ("key" = ["create"])),
    responses((status = 204, description = "The links no longer work.")),
)]
pub(crate) async fn unshare(
    State(gateway): State<Gateway>,
    creator: Creator,
    Id(id): Id<VideoId>,
) -> Result<StatusCode, ApiError> {
    let video = video::of_user(&gateway.db, id, creator.user()).await?.ok_or(ApiError::NotFound)?;
    share::revoke_all(&gateway.db, video.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get what a share link shows
///
/// Reveals nothing about the owner, the prompt, or how the video was made.
#[utoipa::path(
    get, path = "/api/shares/{token}", operation_id = "readShared", tag = "Shares",
    responses((status = 200, description = "The video.", body = SharedVideo)),
)]
pub(crate) async fn shared(State(gateway): State<Gateway>, Name(token): Name) -> Result<Response, ApiError> {
    let (share, video, job) = find_shared(&gateway, &token).await?;
    let body = SharedVideo {
        orientation: job.orientation,
        seconds: job.seconds,
        has_poster: video.poster_path.is_some(),
        content_type: video.content_type,
        size: video.size,
        expires_at: rfc3339(share.expires_at),
    };
    Ok(([NO_STORE], Json(body)).into_response())
}

/// Get a shared video's file
#[utoipa::path(
    get, path = "/api/shares/{token}/content", operation_id = "readSharedContent", tag = "Shares",
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
pub(crate) async fn shared_content(
    State(gateway): State<Gateway>,
    Name(token): Name,
    request: Parts,
) -> Result<Response, ApiError> {
    let (_, video, _) = find_shared(&gateway, &token).await?;
    send_file(&gateway, &video, &request).await
}

/// Get a still of a shared video
///
/// It is made after the video has been stored; `hasPoster` says whether there is one.
#[utoipa::path(
    get, path = "/api/shares/{token}/poster", operation_id = "readSharedPoster", tag = "Shares",
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response.")),
    responses(
        (status = 200, description = "A JPEG.", body = inline(Value), content_type = "image/jpeg"),
        (status = 304, description = "Nothing has changed."),
    ),
    extensions(("x-errors" = json!([ErrorCode::NoPoster]))),
)]
pub(crate) async fn shared_poster(
    State(gateway): State<Gateway>,
    Name(token): Name,
    request: Parts,
) -> Result<Response, ApiError> {
    let (_, video, _) = find_shared(&gateway, &token).await?;
    send_poster(&gateway, &video, &request).await
}

/// Returns what a token shows, unless its signature is invalid or it has expired or been revoked.
async fn find_shared(gateway: &Gateway, token: &str) -> Result<(share::Model, video::Model, job::Model), ApiError> {
    let (share, signature) = token.split_once('_').ok_or(ApiError::NotFound)?;
    let share: ShareId = id(share).ok_or(ApiError::NotFound)?;
    let shown = share::find_active(&gateway.db, share).await?.ok_or(ApiError::NotFound)?;
    let genuine = gateway.videos.share_links.is_signature(&signed_text(&shown.0), signature);
    if genuine { Ok(shown) } else { Err(ApiError::NotFound) }
}

/// Returns the signed text.
fn signed_text(share: &share::Model) -> String {
    format!("{}|{}|video|{}", share.id, share.video_id, share.expires_at)
}

fn lifetime(seconds: i64) -> Rule<Duration> {
    let proper = u64::try_from(seconds).ok().filter(|_| (60..=MAX_LIFETIME).contains(&seconds));
    let lifetime = proper.map(Duration::from_secs);
    lifetime.ok_or_else(|| ("out_of_range", format!("Must be from 60 to {MAX_LIFETIME} seconds.")))
}
