//! Problem documents (RFC 9457): the body of every error response, except below `/v1`.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::body;

/// Media type of error responses.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error response (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`; `code` identifies the error.
    r#type: &'static str,
    /// Name of the status.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// Explanation, for people.
    detail: String,
    #[schema(inline)]
    code: ErrorCode,
    /// Id of the request in the server's log.
    request_id: &'a str,
    /// The invalid fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl<'a> Problem<'a> {
    /// Describes `error` to a client.
    pub(crate) fn new(error: &'a ApiError, request_id: &'a str) -> Self {
        let code = error.code();
        let status = code.status();
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: error.to_string(),
            code,
            request_id,
            errors: if let ApiError::InvalidFields(errors) = error { errors } else { &[] },
        }
    }
}

/// Turns an error response into a problem document; returns other responses unchanged.
pub(crate) fn render(response: Response, request_id: &str) -> Response {
    let Some(error) = error_of(&response) else { return response };
    error.log();
    let body = serde_json::to_vec(&Problem::new(&error, request_id)).unwrap_or_default();
    let mut response = with_body(response, &error, PROBLEM_JSON, body);
    *response.status_mut() = error.code().status();
    response
}

/// Returns the error that a response stands for. Errors that axum itself made are translated to an [`ApiError`].
pub(crate) fn error_of(response: &Response) -> Option<Arc<ApiError>> {
    let known = response.extensions().get::<Arc<ApiError>>().cloned();
    known.or_else(|| is_from_framework(response).then(|| Arc::new(translate(response.status()))))
}

/// Replaces the body of an error response, and sets the headers that the error calls for.
pub(crate) fn with_body(response: Response, error: &ApiError, content_type: &'static str, body: Vec<u8>) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.extend(error.header());
    Response::from_parts(parts, body.into())
}

/// Whether an error response comes from axum: it has no body, or plain text.
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
        status => ApiError::Internal(format!("unexpected {status} from axum")),
    }
}
