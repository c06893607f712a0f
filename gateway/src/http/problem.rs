//! Problem documents (RFC 9457): what a client gets for an [`ApiError`].

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, FieldError};
use crate::http::body;

/// A refusal as a client gets it (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`: `code` says what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// What happened, for people.
    detail: String,
    /// What happened, for programs.
    code: &'static str,
    /// By which the server's log knows the request.
    request_id: &'a str,
    /// Every field that is not valid.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl<'a> Problem<'a> {
    /// What a client is told of `error`.
    pub(crate) fn new(error: &'a ApiError, request_id: &'a str) -> Self {
        let (status, code) = error.status_and_code();
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or(code),
            status: status.as_u16(),
            detail: error.to_string(),
            code,
            request_id,
            errors: if let ApiError::InvalidFields(errors) = error { errors } else { &[] },
        }
    }
}

/// Gives a refusal its problem document; other responses pass. What the framework refused by itself is translate.
pub(crate) fn render(response: Response, request_id: &str) -> Response {
    let error = match response.extensions().get::<Arc<ApiError>>() {
        Some(error) => error.clone(),
        None if is_from_framework(&response) => Arc::new(translate(response.status())),
        None => return response,
    };
    error.log();
    let problem = Problem::new(&error, request_id);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.status = error.status_and_code().0;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.extend(error.header());
    Response::from_parts(parts, body.into())
}

/// A refusal that no handler of ours made: without a body, or with a sentence in plain text.
fn is_from_framework(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    (status.is_client_error() || status.is_server_error()) && kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

fn translate(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
        StatusCode::RANGE_NOT_SATISFIABLE => ApiError::RangeNotSatisfiable { size: 0 },
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::UnsupportedMediaType(body::JSON),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(body::MAX_BYTES),
        status if status.is_client_error() => ApiError::UnreadableBody("the request is malformed".into()),
        status => ApiError::Internal(format!("the framework answered {status}")),
    }
}
