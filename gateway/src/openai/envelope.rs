//! The error envelope: the body of every error response below `/v1`.
//!
//! OpenAI's SDKs repeat a request after 408, 409, 429 and 5xx unless `x-should-retry` says otherwise. A request that would
//! be refused again says so; only limits on rates and failures of the server are worth another try.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorCode, FieldError};
use crate::http::body::JSON;
use crate::http::problem;

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Whether errors at this path have the envelope.
pub(crate) fn is_path(path: &str) -> bool {
    path.strip_prefix("/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An error response of OpenAI's API.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub(crate) struct Envelope {
    #[schema(inline)]
    error: Detail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct Detail {
    /// Explanation, for people.
    message: String,
    /// Kind of error, such as `invalid_request_error`.
    r#type: &'static str,
    /// The invalid parameter.
    param: Option<String>,
    /// Identifies the error, for programs.
    code: String,
}

impl Envelope {
    /// Describes `error` to a client.
    pub(crate) fn new(error: &ApiError) -> Self {
        let code = error.code();
        let r#type = kind(code.compatible_status());
        let error = match error {
            ApiError::InvalidFields(errors) => Detail {
                message: errors.iter().map(sentence).collect::<Vec<_>>().join(" "),
                r#type,
                param: errors.first().map(|error| error.field.clone()),
                code: errors.first().map_or("invalid_value", |error| parameter_code(error.code)).to_owned(),
            },
            _ => Detail { message: error.to_string(), r#type, param: None, code: name(code) },
        };
        Self { error }
    }
}

/// Gives an error response the envelope; returns other responses unchanged.
pub(crate) fn render(response: Response) -> Response {
    let Some(error) = problem::error_of(&response) else { return response };
    error.log();
    let body = serde_json::to_vec(&Envelope::new(&error)).unwrap_or_default();
    let mut response = problem::with_body(response, &error, JSON, body);
    *response.status_mut() = error.code().compatible_status();
    if is_final(error.code()) {
        response.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    response
}

/// Whether the same request would be refused again.
fn is_final(code: ErrorCode) -> bool {
    let status = code.compatible_status();
    (status.is_client_error() && code != ErrorCode::RateLimited) || status == StatusCode::NOT_IMPLEMENTED
}

fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

/// Returns the code as OpenAI names it, or else as `/api` does.
fn name(code: ErrorCode) -> String {
    match code {
        ErrorCode::Unauthenticated => "invalid_api_key".to_owned(),
        code => json!(code).as_str().unwrap_or_default().to_owned(),
    }
}

fn parameter_code(code: &'static str) -> &'static str {
    match code {
        "required" => "missing_required_parameter",
        "unknown_field" => "unknown_parameter",
        "wrong_type" => "invalid_type",
        "unknown_value" => "invalid_value",
        code => code,
    }
}

fn sentence(error: &FieldError) -> String {
    format!("{}: {}", error.field, error.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;
    use axum::response::IntoResponse;

    #[test]
    fn knows_its_paths() {
        assert!(is_path("/v1") && is_path("/v1/") && is_path("/v1/videos"));
        assert!(!is_path("/v10") && !is_path("/api/v1") && !is_path("/"));
    }

    #[test]
    fn tells_clients_what_not_to_repeat() {
        let rendered = |error: ApiError| render(error.into_response());
        for refusal in [
            ApiError::WrongState("no"),
            ApiError::NotFound,
            ApiError::DailySubmissions(60),
            ApiError::TooManyWaiting(9),
            ApiError::IdempotencyKeyReused,
            ApiError::NoSpritesheet,
        ] {
            let response = rendered(refusal);
            assert_ne!(response.status(), StatusCode::CONFLICT);
            assert_eq!(response.headers()[SHOULD_RETRY], "false");
        }
        for transient in [ApiError::RateLimited(3), ApiError::unavailable("down")] {
            let response = rendered(transient);
            assert!(response.headers().contains_key(header::RETRY_AFTER));
            assert!(!response.headers().contains_key(SHOULD_RETRY));
        }
    }

    #[test]
    fn names_the_first_invalid_parameter_and_explains_all() {
        let error = |field: &str, code| FieldError { field: field.into(), code, message: "Wrong.".into() };
        let errors = vec![error("prompt", "required"), error("colour", "unknown_field")];
        let envelope = json!(Envelope::new(&ApiError::InvalidFields(errors)));
        let expected = json!({"error": {
            "message": "prompt: Wrong. colour: Wrong.",
            "type": "invalid_request_error",
            "param": "prompt",
            "code": "missing_required_parameter",
        }});
        assert_eq!(envelope, expected);
        assert_eq!(json!(Envelope::new(&ApiError::Unauthenticated))["error"]["code"], "invalid_api_key");
    }
}
