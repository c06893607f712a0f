//! `GET` of one job and of one video's description.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entity::job::{Model, Status, View};
use entity::video;
use entity::{JobId, VideoId};
use tokio::time::timeout;

use crate::auth::Reader;
use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::conditional::none_match;
use crate::http::path::Id;
use crate::http::prefer;
use crate::live::follow::{Wait, until_ended};
use crate::state::Gateway;

/// `Retry-After` for clients that poll, in seconds.
pub(crate) const POLL_AFTER: &str = "2";

/// Get a job
///
/// Returns an `ETag`. While the job is unfinished, `Retry-After` says when to poll again. With `Prefer: wait=SECONDS` the
/// response waits up to 60 seconds for the job to end.
#[utoipa::path(
    get, path = "/api/videos/jobs/{job}", operation_id = "readJob", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of an earlier response."),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`; the response then has `Preference-Applied`."),
    ),
    responses(
        (status = 200, description = "The job.", body = View),
        (status = 304, description = "Nothing has changed."),
    ),
)]
pub(crate) async fn read_job(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    caller: Reader,
    Id(id): Id<JobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let find = async || gateway.videos.batches.read(id, caller.user()).await?.ok_or(ApiError::NotFound);
    let mut row = find().await?;
    let wait = prefer::wait(&headers);
    let mut waited = None;
    if let Some(limit) = wait.filter(|_| !row.status.is_terminal())
        && until_ended(&gateway, Wait { client, principal: caller.principal(), jobs: &[id], limit }, |_| {}).await?
    {
        (row, waited) = (find().await?, wait);
    }
    let active = !row.status.is_terminal();
    let mut views = views(&gateway, vec![row]).await;
    let view = views.pop().ok_or(ApiError::NotFound)?;
    let position = view.queue_position.map(|position| position.to_string()).unwrap_or_default();
    let eta = view.eta_seconds.map(|eta| format!("-{}-{}", eta.p50, eta.p90)).unwrap_or_default();
    let tag = format!("\"{}-{position}{eta}\"", view.seq);
    let unchanged = !none_match(&headers, &tag);
    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Json(view).into_response() };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    out.extend(waited.and_then(prefer::applied));
    if active {
        out.insert(header::RETRY_AFTER, HeaderValue::from_static(POLL_AFTER));
    }
    Ok(response)
}

/// Get a video's description
#[utoipa::path(
    get, path = "/api/videos/{video}", operation_id = "readVideo", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The video.", body = video::View)),
)]
pub(crate) async fn read_video(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<VideoId>,
) -> Result<Response, ApiError> {
    let row = video::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    Ok(([(header::CACHE_CONTROL, "private, no-cache")], Json(video::View::from(row))).into_response())
}

/// Returns the views of jobs with their queue positions, which are missing if Redis does not answer.
pub(crate) async fn views(gateway: &Gateway, jobs: Vec<Model>) -> Vec<View> {
    let waiting: Vec<JobId> = jobs.iter().filter(|job| job.status == Status::Pending).map(|job| job.id).collect();
    let asked = timeout(gateway.config.http.timeouts.positions, gateway.queues.positions(&waiting)).await;
    let mut positions = match asked {
        Ok(Ok(positions)) => positions.into_iter(),
        _ => Vec::new().into_iter(),
    };
    let mut position = |job: &Model| {
        if job.status == Status::Pending { positions.next().flatten() } else { None }
    };
    let mut views = Vec::with_capacity(jobs.len());
    for job in jobs {
        let (position, eta) = (position(&job), gateway.videos.estimates.of(&gateway.db, &job).await);
        views.push(View::new(job, position, eta));
    }
    views
}
