//! `/api/admin/jobs`: the jobs of all users, with the upstream's raw messages.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::job::{self, Filter};
use entity::{JobId, UserId};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::admin::admin_job::{AdminJob, with_owners};
use crate::admin::attempts::{self, AdminAttempt};
use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::Rule;
use crate::http::path::{Id, id};
use crate::http::query::{Parameters, Query, QueryParameters, take_page};
use crate::state::Gateway;
use crate::videos::list::find;
use crate::videos::{JobSearch, restart};

/// A page of jobs of all users.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminJobPage {
    /// Newest first.
    pub(crate) data: Vec<AdminJob>,
    /// `cursor` of the next page; null on the last one.
    pub(crate) next_cursor: Option<JobId>,
}

/// A job with its owner and its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminJobDetails {
    #[serde(flatten)]
    pub(crate) job: AdminJob,
    /// The attempts, oldest first.
    pub(crate) attempts: Vec<AdminAttempt>,
}

/// Selects jobs by owner and error.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct OwnerSearch {
    /// Jobs of this user.
    #[param(value_type = Option<String>, format = "uuid")]
    user_id: Option<UserId>,
    /// Jobs that failed with this code. `poison`: jobs that were stopped because their workers kept dying.
    #[param(max_length = 50, pattern = "^[a-z_]+$")]
    error_code: Option<String>,
}

impl QueryParameters for OwnerSearch {
    fn read(query: &mut Query) -> Self {
        let user = |text: &str| id(text).ok_or_else(|| ("invalid_id", "Must be the id of a user.".into()));
        Self { user_id: query.optional("userId", user), error_code: query.optional("errorCode", code) }
    }
}

/// List all users' jobs
#[utoipa::path(
    get, path = "/api/admin/jobs", operation_id = "listAllJobs", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    params(JobSearch, OwnerSearch),
    responses((status = 200, description = "Jobs, newest first.", body = AdminJobPage)),
)]
pub(crate) async fn jobs(
    State(gateway): State<Gateway>,
    admin: Admin,
    Parameters((search, owner)): Parameters<(JobSearch, OwnerSearch)>,
) -> Result<Response, ApiError> {
    let limit = search.limit;
    let filter = Filter { user: owner.user_id, error_code: owner.error_code, ..search.into() };
    let mut rows = find(&gateway, admin.user.id, filter, limit + 1).await?;
    let next_cursor = take_page(&mut rows, limit, |job| job.id);
    let data = with_owners(&gateway, rows).await?;
    Ok(([NO_STORE], Json(AdminJobPage { data, next_cursor })).into_response())
}

/// Get any job
///
/// Includes its attempts, with the messages of the upstream and the addresses at which the result may be. Owners see neither.
#[utoipa::path(
    get, path = "/api/admin/jobs/{job}", operation_id = "readAnyJob", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The job.", body = AdminJobDetails)),
)]
pub(crate) async fn read_job(
    State(gateway): State<Gateway>,
    _: Admin,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let row = job::by_id(&gateway.db, id).await?.ok_or(ApiError::NotFound)?;
    let attempts = attempts::of_job(&gateway, id).await?;
    let job = with_owners(&gateway, vec![row]).await?.pop().ok_or(ApiError::NotFound)?;
    Ok(([NO_STORE], Json(AdminJobDetails { job, attempts })).into_response())
}

/// Restart any failed or cancelled job
///
/// A job in another state is left unchanged (`wrong_state`).
#[utoipa::path(
    post, path = "/api/admin/jobs/{job}/retry", operation_id = "retryAnyJob", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 202, description = "The job, which is waiting again.", body = AdminJob)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn retry_job(
    State(gateway): State<Gateway>,
    admin: Admin,
    Id(id): Id<JobId>,
) -> Result<Response, ApiError> {
    let owner = job::by_id(&gateway.db, id).await?.ok_or(ApiError::NotFound)?.user_id;
    let row = restart(&gateway, owner, id, None).await?;
    record(&gateway, &admin.user, "job.retried", Some(id.to_string())).await?;
    let job = with_owners(&gateway, vec![row]).await?.pop().ok_or(ApiError::NotFound)?;
    Ok((StatusCode::ACCEPTED, [NO_STORE], Json(job)).into_response())
}

/// Checks an error code.
fn code(text: &str) -> Rule<String> {
    let proper = text.len() <= 50 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if proper { Ok(text.to_owned()) } else { Err(("unknown_value", "Must be the errorCode of some job.".into())) }
}
