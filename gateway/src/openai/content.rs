//! `GET /v1/videos/{job}/content`: the file of a video, or a still of it.

use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use axum::response::Response;
use entity::clock::{millis, system_ms};
use entity::job::{self, Status};
use entity::video::{self, Model};
use entity::{JobId, UserId};
use tokio::time::{Instant, sleep};
use utoipa::IntoParams;

use crate::auth::Reader;
use crate::error::{ApiError, ErrorCode};
use crate::http::path::Id;
use crate::http::query::{Parameters, Query, QueryParameters};
use crate::openai::spritesheet;
use crate::state::Gateway;
use crate::videos::content::{send_file, send_poster};

/// How long a request waits for the still of a video that was just completed.
const STILL_TIMEOUT: Duration = Duration::from_secs(20);

/// Interval at which the video is read until then.
const STILL_INTERVAL: Duration = Duration::from_millis(200);

/// How long after its completion a video may still get its still.
const STILL_AGE: Duration = Duration::from_secs(60);

/// Selects what to download.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Download {
    /// The file, a still, or a spritesheet: twenty pictures over the length of the video. Both are JPEGs.
    #[param(inline, default = "video", required = false)]
    variant: Variant,
}

/// What to download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Variant {
    Video,
    Thumbnail,
    Spritesheet,
}

impl QueryParameters for Download {
    fn read(query: &mut Query) -> Self {
        let variant = query.optional("variant", |text| match text {
            "video" => Ok(Variant::Video),
            "thumbnail" => Ok(Variant::Thumbnail),
            "spritesheet" => Ok(Variant::Spritesheet),
            _ => Err(("unknown_value", "Must be video, thumbnail or spritesheet.".into())),
        });
        Self { variant: variant.unwrap_or(Variant::Video) }
    }
}

/// Get a video's file, or a still of it
///
/// A still is made after the video has been stored, and a spritesheet when it is first asked for; a request waits some
/// seconds for it.
#[utoipa::path(
    get, path = "/v1/videos/{job}/content", operation_id = "openaiReadContent", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["read"])),
    params(
        Download,
        ("Range" = Option<String>, Header, description = "One range of bytes."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response."),
    ),
    responses(
        (status = 200, description = "The whole file.", content(
            (Vec<u8> = "video/mp4"),
            (Vec<u8> = "image/jpeg"),
        )),
        (status = 206, description = "The requested part of a video.", body = inline(Value), content_type = "video/mp4"),
        (status = 304, description = "Nothing has changed."),
    ),
    extensions(("x-errors" = json!([
        ErrorCode::RangeNotSatisfiable,
        ErrorCode::NoPoster,
        ErrorCode::NoSpritesheet,
        ErrorCode::WrongState,
    ]))),
)]
pub(crate) async fn content(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<JobId>,
    Parameters(Download { variant }): Parameters<Download>,
    request: Parts,
) -> Result<Response, ApiError> {
    let user = caller.user();
    let video = find(&gateway, id, user).await?;
    match variant {
        Variant::Video => send_file(&gateway, &video, &request).await,
        Variant::Thumbnail => send_poster(&gateway, &with_still(&gateway, video).await?, &request).await,
        Variant::Spritesheet => spritesheet::send(&gateway, &with_still(&gateway, video).await?, &request).await,
    }
}

/// Returns the stored video of a job.
async fn find(gateway: &Gateway, id: JobId, user: UserId) -> Result<Model, ApiError> {
    let job = job::of_user(&gateway.db, id, user).await?.ok_or(ApiError::NotFound)?;
    let Some(video) = job.video_id else {
        return Err(ApiError::WrongState(match job.status {
            Status::Failed | Status::Cancelled => "This video failed and has no file.",
            _ => "This video is not completed yet.",
        }));
    };
    video::of_user(&gateway.db, video, user).await?.ok_or(ApiError::NotFound)
}

/// Returns the video once a processor has inspected it, or as it is if none has within a minute.
///
/// # Errors
/// It may still be inspected: the client should ask again.
async fn with_still(gateway: &Gateway, mut video: Model) -> Result<Model, ApiError> {
    let deadline = Instant::now() + STILL_TIMEOUT;
    let is_new = |video: &Model| video.created_at > system_ms() - millis(STILL_AGE);
    while video.inspected_at.is_none() && is_new(&video) && Instant::now() < deadline {
        sleep(STILL_INTERVAL).await;
        video = video::by_id(&gateway.db, video.id).await?.ok_or(ApiError::NotFound)?;
    }
    if video.inspected_at.is_none() && is_new(&video) {
        return Err(ApiError::busy("no processor has inspected the video yet"));
    }
    Ok(video)
}
