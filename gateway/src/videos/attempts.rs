//! `GET /api/videos/jobs/{job}/attempts`: the requests sent upstream for a job, each with whether it may have been charged.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::attempt::{self, View};
use entity::{JobId, job};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Reader;
use crate::error::ApiError;
use crate::http::path::Id;
use crate::state::Gateway;

/// The attempts of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempts {
    /// First to last.
    pub(crate) data: Vec<View>,
}

/// List the requests that were sent upstream for a job
///
/// Each says whether it may have been charged.
#[utoipa::path(
    get, path = "/api/videos/jobs/{job}/attempts", operation_id = "listAttempts", tag = "Videos",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "All attempts, first to last.", body = Attempts)),
)]
pub(crate) async fn attempts(
    State(gateway): State<Gateway>,
    caller: Reader,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    job::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    let attempts = attempt::of_job(&gateway.db, id, 1).await?;
    let attempts = Attempts { data: attempts.into_iter().map(View::from).collect() };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(attempts)).into_response())
}
