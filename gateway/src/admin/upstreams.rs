//! `/api/admin/upstreams`: upstreams whose answers could not be read.
//!
//! After several such answers in a row the processors stop submitting to the upstream, because what they buy would be lost.
//! Only an administrator resumes it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entity::clock::rfc3339;
use entity::{JobId, upstream_control, upstream_state};
use serde::Serialize;
use utoipa::ToSchema;

use super::queue::mirror_limits;
use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody};
use crate::state::Gateway;

/// An upstream whose answers could not be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpstreamState {
    /// Its name in the catalogue, or else the address that requests are sent to.
    pub(crate) upstream: String,
    /// Jobs in a row whose answers could not be read.
    pub(crate) unreadable_jobs: i32,
    /// The last of these jobs. It may have been deleted.
    pub(crate) last_job_id: JobId,
    /// Beginning of the last such answer, at most 1 KiB, without secrets.
    pub(crate) sample: String,
    /// When the first of these answers was received (RFC 3339, UTC).
    pub(crate) since: String,
    /// When submissions were suspended (RFC 3339, UTC); null if they continue.
    pub(crate) suspended_at: Option<String>,
}

/// The upstreams whose answers could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamStates {
    /// By address; empty while all answers can be read.
    pub(crate) data: Vec<UpstreamState>,
}

impl From<upstream_state::Model> for UpstreamState {
    fn from(state: upstream_state::Model) -> Self {
        Self {
            upstream: state.upstream,
            unreadable_jobs: state.unreadable_jobs,
            last_job_id: state.last_job_id,
            sample: state.sample,
            since: rfc3339(state.since),
            suspended_at: state.suspended_at.map(rfc3339),
        }
    }
}

/// The upstream to resume.
#[derive(ToSchema)]
#[schema(example = json!({"upstream": "https://api.example.org/v1/chat/completions"}))]
pub(crate) struct ResumeUpstreamRequest {
    /// Its name or address, as listed.
    upstream: String,
}

impl RequestBody for ResumeUpstreamRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { upstream: fields.text("upstream", |text| Ok(text.to_owned()))? })
    }
}

/// List upstreams whose answers could not be read
///
/// After three such jobs in a row (`suspendedAt`) nothing is submitted to the upstream until an administrator resumes it;
/// polls and downloads continue.
#[utoipa::path(
    get, path = "/api/admin/upstreams", operation_id = "listUpstreams", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The upstreams. Empty while all answers can be read.", body = UpstreamStates)),
)]
pub(crate) async fn upstreams(State(gateway): State<Gateway>, _: Admin) -> Result<Response, ApiError> {
    let data = upstream_state::all(&gateway.db).await?.into_iter().map(Into::into).collect();
    Ok(([NO_STORE], Json(UpstreamStates { data })).into_response())
}

/// Resume submissions to an upstream
///
/// Clears the record of its unreadable answers, and of its refusal of the key. The processors try it again within seconds.
#[utoipa::path(
    post, path = "/api/admin/upstreams/resume", operation_id = "resumeUpstream", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = ResumeUpstreamRequest,
    responses((status = 204, description = "The upstream receives jobs again.")),
    extensions(("x-errors" = json!([ErrorCode::NotFound]))),
)]
pub(crate) async fn resume(
    State(gateway): State<Gateway>,
    admin: Admin,
    JsonBody { content: ResumeUpstreamRequest { upstream }, .. }: JsonBody<ResumeUpstreamRequest>,
) -> Result<StatusCode, ApiError> {
    let unreadable = upstream_state::resume(&gateway.db, &upstream).await?;
    let refused = upstream_control::forget_refusal(&gateway.db, &upstream).await?;
    if !unreadable && !refused {
        return Err(ApiError::NotFound);
    }
    record(&gateway, &admin.user, "upstream.resumed", Some(upstream)).await?;
    mirror_limits(&gateway).await;
    Ok(StatusCode::NO_CONTENT)
}
