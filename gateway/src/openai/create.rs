//! `POST /v1/videos`: creates a video.

use ::catalogue::Catalogue;
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use service::Trace;
use utoipa::ToSchema;

use crate::auth::Creator;
use crate::error::{ApiError, ErrorCode};
use crate::http::body::Fields;
use crate::openai::body::{self, Body, FILE};
use crate::openai::object::Video;
use crate::openai::reference::Reference;
use crate::openai::repetition::Repetition;
use crate::openai::submission::{
    Sender, Submission, submit, supported_model, supported_seconds, supported_size, unsupported,
};
use crate::state::Gateway;
use crate::videos::choice::Choices;
use crate::videos::create::prompt;

/// The video to create.
#[derive(ToSchema)]
#[schema(as = OpenAiCreateVideoRequest, example = json!({"prompt": "A paper boat drifts down a rainy street"}))]
#[expect(dead_code, reason = "describes the body, whose fields `read` takes one by one")]
struct CreateRequest {
    /// 1–4,000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    prompt: String,
    /// Model to use, one of `GET /v1/models`.
    model: Option<String>,
    /// Length in seconds, as text or as a number.
    seconds: Option<String>,
    /// Width and height, such as `1280x720`.
    size: Option<String>,
    /// Image to start from.
    #[schema(inline)]
    input_reference: Option<InputReference>,
}

/// An image, by one of the two.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body")]
struct InputReference {
    /// Id of an image that was uploaded with `POST /api/images`.
    file_id: Option<String>,
    /// Address of an image, or a data URL.
    image_url: Option<String>,
}

/// The same as a form.
#[derive(ToSchema)]
#[schema(as = OpenAiCreateVideoForm)]
#[expect(dead_code, reason = "describes the body")]
struct CreateForm {
    /// 1–4,000 characters.
    #[schema(min_length = 1, max_length = 4000)]
    prompt: String,
    /// Model to use.
    model: Option<String>,
    /// Length in seconds.
    seconds: Option<String>,
    /// Width and height.
    size: Option<String>,
    /// Image to start from: a PNG, JPEG or WebP file of at most 20 MiB. Instead of it, the form may have a field
    /// `input_reference[file_id]` or `input_reference[image_url]`.
    #[schema(value_type = Option<String>, content_media_type = "application/octet-stream")]
    input_reference: Option<Bytes>,
}

/// Create a video
///
/// The job is the same as with `POST /api/videos`: once accepted it ends in a final state. A request that an SDK repeats by
/// itself, as its `x-stainless-retry-count` says, returns the same video within 45 minutes and starts nothing new.
#[utoipa::path(
    post, path = "/v1/videos", operation_id = "openaiCreateVideo", tag = "OpenAI-compatible",
    security(("session" = []), ("key" = ["create"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1–255 visible ASCII characters. For a day, the same key with the same fields returns the same video and starts nothing new."),
        ("x-stainless-retry-count" = Option<String>, Header, description = "How often the SDK has repeated the request."),
    ),
    request_body(content((CreateForm = "multipart/form-data"), (CreateRequest = "application/json"))),
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
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Creator,
    Extension(trace): Extension<Trace>,
    request: Request,
) -> Result<Response, ApiError> {
    let user = caller.user();
    let repetition = Repetition::new(request.headers());
    let Body { mut fields, file, slot: _slot } = body::read(&gateway, user, request).await?;
    let submission = read(&mut fields, &gateway.config.catalogue, file);
    fields.finish()?;
    let submission = submission.ok_or_else(|| ApiError::Internal("an invalid field was not reported".into()))?;
    submit(&gateway, Sender { user, trace, repetition }, submission).await
}

fn read(fields: &mut Fields, catalogue: &Catalogue, file: Option<Bytes>) -> Option<Submission> {
    let prompt = fields.text("prompt", prompt);
    let model = fields.optional_text("model", |model| supported_model(catalogue, model));
    let choices = Choices::new(catalogue, model.as_ref().map(Option::as_deref));
    let seconds = fields.optional_value("seconds", |seconds| match seconds {
        Value::String(text) => supported_seconds(&choices, &text),
        Value::Number(number) => supported_seconds(&choices, &number.to_string()),
        _ => Err(("wrong_type", "This field must be a string or an integer.".into())),
    });
    let size = fields.optional_text("size", |size| supported_size(&choices, size));
    let reference = match file {
        Some(file) => Some(Some(Reference::File(file))),
        None => fields.optional_value(FILE, |value| Reference::parse(&value)),
    };
    let allowed = match &reference {
        Some(Some(_)) => choices.with_image(),
        Some(None) => choices.without_image(),
        None => Ok(()),
    };
    let reference = match allowed.map_err(unsupported) {
        Ok(()) => reference,
        Err((code, message)) => fields.reject(FILE, code, message),
    };
    Some(Submission {
        prompt: prompt?,
        model: model?,
        seconds: seconds?,
        size: size?,
        reference: reference?,
        remix_of: None,
    })
}
