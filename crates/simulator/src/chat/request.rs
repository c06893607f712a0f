//! Parses and validates a submission. The checks and their order are those of the simulated servers.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::http::error::ApiError;

/// A valid submission.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    /// Text of the last user message; several text parts are joined by line feeds.
    pub(super) prompt: String,
    /// Whether the message contains a reference image.
    pub(super) image: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Deserialize)]
struct ImageUrl {
    url: String,
}

impl ChatRequest {
    /// Parses a request body.
    ///
    /// # Errors
    /// 415 if it is not JSON; 400, with the parameter at fault, if it is not a valid submission.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
        if !media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::invalid(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The Content-Type must be application/json.",
            ));
        }
        let body: Value =
            serde_json::from_slice(body).map_err(|error| bad(format!("The body is not valid JSON: {error}")))?;
        let model = match body.get("model") {
            Some(Value::String(model)) if !model.is_empty() => model.clone(),
            Some(_) => return Err(bad("'model' must be the name of a model.").param("model")),
            None => {
                return Err(bad("Missing required parameter: 'model'.")
                    .param("model")
                    .code("missing_required_parameter"));
            }
        };
        let (prompt, image) = prompt(body.get("messages"))?;
        if body.get("stream") != Some(&Value::Bool(true)) {
            return Err(bad("Generations are only streamed: 'stream' must be true.").param("stream"));
        }
        Ok(Self { model, prompt, image })
    }
}

fn prompt(messages: Option<&Value>) -> Result<(String, bool), ApiError> {
    let bad = |message: String| bad(message).param("messages");
    let messages = messages
        .ok_or_else(|| bad("Missing required parameter: 'messages'.".to_owned()).code("missing_required_parameter"))?;
    let messages =
        Vec::<Message>::deserialize(messages).map_err(|error| bad(format!("Invalid 'messages': {error}.")))?;
    let last = messages.into_iter().rev().find(|message| message.role == "user");
    let (texts, image) = match last.map(|message| message.content) {
        None => return Err(bad("'messages' holds no message of the user.".to_owned())),
        Some(Content::Text(text)) => (vec![text], false),
        Some(Content::Parts(parts)) => texts(parts).map_err(|error| bad(error.to_owned()))?,
    };
    let prompt = texts.join("\n");
    if prompt.trim().is_empty() { Err(bad("The prompt is empty.".to_owned())) } else { Ok((prompt, image)) }
}

/// The text parts, and whether there is an image part.
fn texts(parts: Vec<Part>) -> Result<(Vec<String>, bool), &'static str> {
    let (mut texts, mut image) = (Vec::new(), false);
    for part in parts {
        match part {
            Part::Text { text } => texts.push(text),
            Part::ImageUrl { image_url } if image_url.url.is_empty() => {
                return Err("An 'image_url' part has no URL.");
            }
            Part::ImageUrl { .. } => image = true,
        }
    }
    Ok((texts, image))
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::invalid(StatusCode::BAD_REQUEST, message)
}
