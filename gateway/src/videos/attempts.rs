//! `GET /api/videos/jobs/{job}/attempts`: each request that was sent upstream for a job, and whether it may have cost money.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use entity::attempt::{self, View};
use entity::{JobId, job};
use serde_json::json;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::Gateway;
use crate::videos::path::Id;

/// Answers `{data}`, first to last.
pub(crate) async fn attempts(
    State(gateway): State<Gateway>,
    caller: Caller,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    job::of_user(&gateway.db, id, caller.user()).await?.ok_or(ApiError::NotFound)?;
    let attempts = attempt::of_job(&gateway.db, id, 1).await?;
    let data: Vec<View> = attempts.into_iter().map(View::from).collect();
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({"data": data}))).into_response())
}
