//! Parses and validates a create request: multipart, or JSON where the flavour accepts it.

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::Value;

use super::generations::CreateRequest;
use crate::http::error::ApiError;
use crate::plan::videos::BodyFormat;

/// Maximum length of a prompt, in characters.
const MAX_PROMPT: usize = 32_000;

/// The fields of a create request before validation.
#[derive(Debug, Default)]
struct Fields {
    prompt: Option<String>,
    model: Option<String>,
    seconds: Option<String>,
    size: Option<String>,
    image: bool,
}

/// Parses a create request. Also returns the format of its body.
///
/// # Errors
/// 415 for another format; 400, with the parameter at fault, if the request is not valid.
pub(super) async fn parse(request: Request) -> Result<(CreateRequest, BodyFormat), ApiError> {
    let media_type = media_type(request.headers());
    match media_type.as_deref() {
        Some("multipart/form-data") => Ok((multipart(request).await?.validate()?, BodyFormat::Multipart)),
        Some("application/json") => Ok((json(request).await?.validate()?, BodyFormat::Json)),
        _ => Err(ApiError::invalid(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The Content-Type must be multipart/form-data or application/json.",
        )),
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase())
}

async fn multipart(request: Request<Body>) -> Result<Fields, ApiError> {
    let mut parts = Multipart::from_request(request, &()).await?;
    let mut fields = Fields::default();
    while let Some(part) = parts.next_field().await? {
        match part.name().unwrap_or_default() {
            "prompt" => fields.prompt = Some(part.text().await?),
            "model" => fields.model = Some(part.text().await?),
            "seconds" => fields.seconds = Some(part.text().await?),
            "size" => fields.size = Some(part.text().await?),
            "input_reference" => fields.image = image(part).await?,
            _ => drop(part.bytes().await?),
        }
    }
    Ok(fields)
}

/// Checks that a part declares an image type and is not empty.
async fn image(part: Field<'_>) -> Result<bool, ApiError> {
    let is_image = part.content_type().is_some_and(|media_type| media_type.starts_with("image/"));
    let bytes = part.bytes().await?;
    if is_image && !bytes.is_empty() {
        Ok(true)
    } else {
        Err(bad("'input_reference' must be a file of type image/jpeg, image/png or image/webp.", "input_reference"))
    }
}

async fn json(request: Request<Body>) -> Result<Fields, ApiError> {
    let body = Bytes::from_request(request, &()).await?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::invalid(StatusCode::BAD_REQUEST, format!("The body is not valid JSON: {error}")))?;
    let text = |name: &'static str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad(format!("'{name}' must be a string."), name)),
    };
    Ok(Fields {
        prompt: text("prompt")?,
        model: text("model")?,
        seconds: text("seconds")?,
        size: text("size")?,
        image: body.get("input_reference").is_some_and(|reference| !reference.is_null()),
    })
}

impl Fields {
    fn validate(self) -> Result<CreateRequest, ApiError> {
        let prompt = self
            .prompt
            .ok_or_else(|| bad("Missing required parameter: 'prompt'.", "prompt").code("missing_required_parameter"))?;
        if prompt.trim().is_empty() {
            return Err(bad("The prompt is empty.", "prompt"));
        }
        if prompt.chars().count() > MAX_PROMPT {
            return Err(
                bad("The prompt is too long: at most 32000 characters.", "prompt").code("string_above_max_length")
            );
        }
        let seconds = self.seconds.unwrap_or_else(|| "4".to_owned());
        if !is_number(&seconds) {
            return Err(bad("'seconds' must be a whole number of seconds, as a string.", "seconds"));
        }
        let size = self.size.unwrap_or_else(|| "720x1280".to_owned());
        if !size.split_once('x').is_some_and(|(width, height)| is_number(width) && is_number(height)) {
            return Err(bad("'size' must be WIDTHxHEIGHT.", "size"));
        }
        let model = self.model.unwrap_or_else(|| "sora-2".to_owned());
        Ok(CreateRequest { prompt, model, seconds, size, image: self.image })
    }
}

/// Whether a text is a positive integer of at most six digits.
fn is_number(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

fn bad(message: impl Into<String>, param: &'static str) -> ApiError {
    ApiError::invalid(StatusCode::BAD_REQUEST, message).param(param)
}
