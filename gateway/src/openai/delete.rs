//! `DELETE /v1/videos/{job}`: deletes a video in any state. An unfinished one is cancelled first.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entity::{JobId, UserId, job};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use utoipa::ToSchema;

use crate::auth::{Creator, NO_STORE};
use crate::error::ApiError;
use crate::http::path::Id;
use crate::state::Gateway;
use crate::videos::actions::{cancel_job, delete_job};

/// Time for a worker to stop a cancelled job. It takes a second, unless the worker has died.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Interval at which the job is read until then.
const STOP_INTERVAL: Duration = Duration::from_millis(100);

/// Confirms that a video was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiDeletedVideo)]
struct DeletedVideo {
    /// Id of the video.
    id: JobId,
    /// Always `video.deleted`.
    object: &'static str,
    /// Always true.
    deleted: bool,
}

/// Delete a video
///
/// An unfinished video is cancelled first. A request already sent to the upstream may still be charged.
#[utoipa::path(
    delete, path = "/v1/videos/{job}", operation_id = "openaiDeleteVideo", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["create"])),
    responses((status = 200, description = "The video and its files have been deleted.", body = DeletedVideo)),
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let user = caller.user();
    let job = cancel_job(&gateway, user, id).await?;
    if !job.status.is_terminal() {
        let stopped = timeout(STOP_TIMEOUT, until_stopped(&gateway, user, id)).await;
        stopped.map_err(ApiError::unavailable)??;
    }
    delete_job(&gateway, user, id).await?;
    Ok(([NO_STORE], Json(DeletedVideo { id, object: "video.deleted", deleted: true })).into_response())
}

/// Returns once the job's worker has stopped.
async fn until_stopped(gateway: &Gateway, user: UserId, id: JobId) -> Result<(), ApiError> {
    loop {
        let job = job::of_user(&gateway.db, id, user).await?.ok_or(ApiError::NotFound)?;
        if job.status.is_terminal() {
            return Ok(());
        }
        sleep(STOP_INTERVAL).await;
    }
}
