//! `POST /v1/videos/{job}/remix`: another video with the settings of an existing one and a new prompt.

use ::catalogue::ReferenceImage;
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
use crate::openai::reference::Reference;
use crate::openai::repetition::Repetition;
use crate::openai::submission::{
    Sender, Submission, submit, supported_model, supported_seconds, supported_size, unsupported,
};
use crate::state::Gateway;
use crate::videos::choice::Choices;
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
/// The new video has the model, length and size of the existing one, and its image if the model needs one.
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
        ErrorCode::OverBudget,
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
    let model = supported_model(catalogue, &source.model).map_err(refused("model"))?;
    let choices = Choices::new(catalogue, Some(Some(&model)));
    choices.remix().map_err(unsupported).map_err(refused("model"))?;
    let needs_image = catalogue.model(&model).is_some_and(|model| model.reference_image == ReferenceImage::Required);
    let reference = source.reference_image_id.filter(|_| needs_image).map(Reference::Image);
    if reference.is_none() {
        choices.without_image().map_err(refused("input_reference"))?;
    }
    Ok(Submission {
        prompt,
        seconds: Some(supported_seconds(&choices, &source.seconds.to_string()).map_err(refused("seconds"))?),
        size: Some(supported_size(&choices, &source.size).map_err(refused("size"))?),
        model: Some(model),
        reference,
        remix_of: Some(source.id),
    })
}
