//! `POST /v1/videos/{job}/remix`: another video with the settings of an existing one and a new prompt.

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use entity::{JobId, job};
use service::Trace;
use utoipa::ToSchema;

use crate::auth::Creator;
use crate::error::{ApiError, ErrorCode};
use crate::http::path::Id;
use crate::openai::body::{self, Body};
use crate::openai::object::Video;
use crate::openai::repetition::Repetition;
use crate::openai::submission::{Sender, Submission, submit, supported_model, supported_seconds, supported_size};
use crate::state::Gateway;
use crate::videos::create::prompt;

/// What to change.
#[derive(ToSchema)]
#[schema(as = OpenAiRemixVideoRequest, example = json!({"prompt": "The same boat by night"}))]
#[expect(dead_code, reason = "describes the body")]
struct RemixRequest {
    /// 1–4,000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    prompt: String,
}

/// Create a video from an existing one
///
/// The new video has the model, length and size of the existing one.
#[utoipa::path(
    post, path = "/v1/videos/{job}/remix", operation_id = "openaiRemixVideo", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["create"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1–255 visible ASCII characters. For a day, the same key with the same fields returns the same video and starts nothing new."),
        ("x-stainless-retry-count" = Option<String>, Header, description = "How often the SDK has repeated the request."),
    ),
    request_body = RemixRequest,
    responses((status = 200, description = "The video, which is queued.", body = Video)),
    extensions(("x-errors" = json!([
        ErrorCode::TooManyWaiting,
        ErrorCode::DailySubmissions,
        ErrorCode::IdempotencyKeyReused,
        ErrorCode::Gone,
        ErrorCode::QuotaExceeded,
    ]))),
)]
pub(crate) async fn remix(
    State(gateway): State<Gateway>,
    caller: Creator,
    Id(source): Id<JobId>,
    Extension(trace): Extension<Trace>,
    request: Request,
) -> Result<Response, ApiError> {
    let user = caller.user();
    let repetition = Repetition::new(request.headers());
    let source = job::of_user(&gateway.db, source, user).await?.ok_or(ApiError::NotFound)?;
    let Body { mut fields, slot: _slot, .. } = body::read(&gateway, user, request).await?;
    let prompt = fields.text("prompt", prompt);
    fields.finish()?;
    let prompt = prompt.ok_or_else(|| ApiError::Internal("an invalid field was not reported".into()))?;
    let submission = of_source(&gateway, prompt, &source)?;
    submit(&gateway, Sender { user, trace, repetition }, submission).await
}

/// Takes the settings of `source`, which the server may no longer offer.
fn of_source(gateway: &Gateway, prompt: String, source: &job::Model) -> Result<Submission, ApiError> {
    let catalogue = &gateway.config.catalogue;
    let refused = |field| move |(code, message)| ApiError::invalid_field(field, code, message);
    Ok(Submission {
        prompt,
        model: Some(supported_model(catalogue, &source.model).map_err(refused("model"))?),
        seconds: Some(supported_seconds(catalogue, &source.seconds.to_string()).map_err(refused("seconds"))?),
        size: Some(supported_size(catalogue, &source.size).map_err(refused("size"))?),
        reference: None,
        remix_of: Some(source.id),
    })
}
