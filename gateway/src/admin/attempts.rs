//! Attempts as administrators see them: what the upstream sent, and every address at which the result may be.
//!
//! An administrator can add an address by hand. The job then downloads from it; nothing is submitted again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use catalogue::Currency;
use entity::clock::rfc3339;
use entity::job::{self, ResultAdded};
use entity::{AttemptId, JobId, UserId, attempt, attempt_result};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::admin::admin_job::{AdminJob, with_owners};
use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::path::Ids;
use crate::state::Gateway;
use crate::videos::{publish_requeued, run_to_completion};

/// Maximum length of an address, in bytes.
const MAX_URL_LENGTH: usize = 2048;

/// A request that was sent upstream, with everything recorded about it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminAttempt {
    /// Id of the attempt.
    pub(crate) id: AttemptId,
    /// 1, 2, … within the job.
    pub(crate) number: i32,
    /// URL it was sent to.
    pub(crate) upstream: String,
    /// When it was sent (RFC 3339, UTC).
    pub(crate) sent_at: String,
    /// When the upstream accepted it (RFC 3339, UTC).
    pub(crate) accepted_at: Option<String>,
    /// When it ended (RFC 3339, UTC).
    pub(crate) finished_at: Option<String>,
    /// The upstream's id of the generation.
    pub(crate) upstream_id: Option<String>,
    /// The address that is tried first.
    pub(crate) result_url: Option<String>,
    /// Addresses at which the result may be, in the order in which they became known.
    pub(crate) results: Vec<AttemptResult>,
    /// How it ended.
    pub(crate) outcome: Option<String>,
    /// The upstream's message.
    pub(crate) detail: Option<String>,
    /// End of the upstream's response, at most 4 KiB, without secrets. Null unless the attempt ended without a video.
    pub(crate) evidence: Option<String>,
    /// Whether the upstream may have charged for it.
    pub(crate) may_have_been_charged: bool,
    /// What it costs.
    pub(crate) cost_state: CostState,
    /// Its price when it was sent, as a decimal number in the main unit; null if it was not known.
    pub(crate) cost: Option<String>,
    /// Code of ISO 4217; null if the price was not known.
    pub(crate) currency: Option<String>,
}

/// What an attempt costs.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CostState {
    /// Certainly nothing.
    None,
    /// Its price, unless the upstream did not charge for it.
    Possible,
    /// Its price: there is a video.
    Certain,
}

/// An address at which the result of an attempt may be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptResult {
    /// 1, 2, … within the attempt.
    pub(crate) position: i32,
    /// The address.
    pub(crate) url: String,
    /// Where it was found, such as `field` or `video_tag`; `admin` if an administrator added it.
    pub(crate) source: String,
    /// The administrator who added it; null if the upstream named it.
    pub(crate) added_by: Option<UserId>,
    /// When it was recorded (RFC 3339, UTC).
    pub(crate) created_at: String,
}

impl AdminAttempt {
    fn new(attempt: attempt::Model, results: Vec<AttemptResult>) -> Self {
        let currency = attempt.currency.as_ref().and_then(|code| code.parse::<Currency>().ok());
        let cost_state = match (attempt.may_have_been_charged, &attempt.result_url) {
            (false, _) => CostState::None,
            (true, None) => CostState::Possible,
            (true, Some(_)) => CostState::Certain,
        };
        Self {
            cost_state,
            cost: attempt.cost.zip(currency).map(|(cost, currency)| currency.decimal(cost)),
            currency: attempt.currency,
            id: attempt.id,
            number: attempt.number,
            upstream: attempt.upstream,
            sent_at: rfc3339(attempt.sent_at),
            accepted_at: attempt.accepted_at.map(rfc3339),
            finished_at: attempt.finished_at.map(rfc3339),
            upstream_id: attempt.upstream_id,
            result_url: attempt.result_url,
            results,
            outcome: attempt.outcome,
            detail: attempt.detail,
            evidence: attempt.evidence,
            may_have_been_charged: attempt.may_have_been_charged,
        }
    }
}

impl From<attempt_result::Model> for AttemptResult {
    fn from(result: attempt_result::Model) -> Self {
        Self {
            position: result.position,
            url: result.url,
            source: result.source,
            added_by: result.added_by,
            created_at: rfc3339(result.created_at),
        }
    }
}

/// Returns all attempts of a job with their results, first to last.
pub(super) async fn of_job(gateway: &Gateway, job: JobId) -> Result<Vec<AdminAttempt>, ApiError> {
    let attempts = attempt::of_job(&gateway.db, job, 1).await?;
    let ids = attempts.iter().map(|attempt| attempt.id).collect();
    let mut results = attempt_result::of_attempts(&gateway.db, ids).await?;
    let with_results = |attempt: attempt::Model| {
        let own = results.extract_if(.., |result| result.attempt_id == attempt.id).map(AttemptResult::from).collect();
        AdminAttempt::new(attempt, own)
    };
    Ok(attempts.into_iter().map(with_results).collect())
}

/// An address to download from.
#[derive(ToSchema)]
#[schema(example = json!({"url": "https://cdn.example.org/videos/7d41.mp4"}))]
pub(crate) struct AddResultRequest {
    /// An http or https address.
    #[schema(format = "uri", max_length = 2048)]
    url: String,
}

impl RequestBody for AddResultRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { url: fields.text("url", address)? })
    }
}

/// Add an address to an attempt, and download from it
///
/// For a failed job whose video exists but was not found. The job waits for its download; no new request is sent to the
/// upstream. Adding a known address again downloads from it once more. A job that has not failed is left unchanged
/// (`wrong_state`).
#[utoipa::path(
    post, path = "/api/admin/jobs/{job}/attempts/{attempt}/results", operation_id = "addResult", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = AddResultRequest,
    responses((status = 202, description = "The job, which is waiting for its download.", body = AdminJob)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn add_result(
    State(gateway): State<Gateway>,
    admin: Admin,
    Ids(id, attempt): Ids<JobId, AttemptId>,
    JsonBody { content: AddResultRequest { url }, .. }: JsonBody<AddResultRequest>,
) -> Result<Response, ApiError> {
    let adding = run_to_completion(&gateway, async move |gateway: Gateway| {
        match job::add_result(&gateway.db, id, attempt, &url, admin.user.id).await? {
            ResultAdded::Queued(job) => {
                record(&gateway, &admin.user, "attempt.result_added", Some(format!("{id}/{attempt}"))).await?;
                Ok(publish_requeued(&gateway, job).await)
            }
            ResultAdded::NotFound => Err(ApiError::NotFound),
            ResultAdded::NotFailed => Err(ApiError::WrongState("Addresses can be added to failed jobs only.")),
        }
    });
    let job = with_owners(&gateway, vec![adding.await?]).await?.pop().ok_or(ApiError::NotFound)?;
    Ok((StatusCode::ACCEPTED, [NO_STORE], Json(job)).into_response())
}

/// The processor checks where the address leads before it downloads.
fn address(text: &str) -> Rule<String> {
    if text.len() > MAX_URL_LENGTH {
        return Err(("too_long", format!("Must have at most {MAX_URL_LENGTH} bytes.")));
    }
    let is_http = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_http { Ok(text.to_owned()) } else { Err(("invalid_url", "Must be an http or https URL.".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_http_addresses_only() {
        assert_eq!(address("https://cdn.example/v.mp4?sig=a%2Fb").unwrap(), "https://cdn.example/v.mp4?sig=a%2Fb");
        let long = format!("https://cdn.example/{}", "v".repeat(MAX_URL_LENGTH));
        for (text, code) in [
            ("", "invalid_url"),
            ("/v.mp4", "invalid_url"),
            ("https://", "invalid_url"),
            ("file:///etc/passwd", "invalid_url"),
            ("javascript:alert(1)", "invalid_url"),
            (&long, "too_long"),
        ] {
            assert_eq!(address(text).unwrap_err().0, code, "{text:.30}");
        }
    }
}
