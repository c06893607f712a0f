//! The errors that stand where an answer should be: as an HTTP response, or as a frame inside a stream.

use crate::dialect::Flavour;
use crate::http::error::ApiError;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{AppendHeaders, IntoResponse, Response};

/// One error of the simulated upstream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    status: u16,
    body: Body,
    /// Whether a generation was begun all the same: the error is a proxy's, which lost the answer.
    pub(crate) accepted: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Body {
    /// `type`, `message` and perhaps a `code`.
    Json(&'static str, &'static str, Option<&'static str>),
    /// A page with this title.
    Html(&'static str),
}

const fn json(status: u16, kind: &'static str, message: &'static str, code: Option<&'static str>) -> Failure {
    Failure { status, body: Body::Json(kind, message, code), accepted: false }
}

const fn lost(failure: Failure) -> Failure {
    Failure { status: failure.status, body: failure.body, accepted: true }
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

pub(crate) static UNAUTHORISED: Failure = json(401, INVALID, "Incorrect API key provided.", Some("invalid_api_key"));
pub(crate) static QUOTA: Failure =
    json(402, "insufficient_quota", "You exceeded your current quota.", Some("insufficient_quota"));
pub(crate) static FORBIDDEN: Failure =
    json(403, INVALID, "This API key may not use this model.", Some("permission_denied"));
pub(crate) static TIMEOUT: Failure = lost(json(408, SERVER, "The request timed out.", Some("timeout")));
pub(crate) static GONE: Failure = json(410, INVALID, "This model has been retired.", Some("model_retired"));
pub(crate) static UNPROCESSABLE: Failure = json(422, INVALID, "Invalid value: 'seconds'.", Some("invalid_value"));
pub(crate) static TOO_MANY: Failure =
    json(429, "rate_limit_error", "Rate limit reached for requests.", Some("rate_limit_exceeded"));
pub(crate) static INTERNAL: Failure = json(500, SERVER, "The server had an error while processing your request.", None);
/// A wrong request that the server reports as its own fault.
pub(crate) static HIDDEN_REFUSAL: Failure = json(500, SERVER, "400: Invalid model: sora9", None);
pub(crate) static BAD_GATEWAY: Failure = Failure { status: 502, body: Body::Html("502 Bad Gateway"), accepted: true };
pub(crate) static UNAVAILABLE: Failure =
    json(503, SERVER, "The service is temporarily unavailable. Please try again later.", None);
pub(crate) static GATEWAY_TIMEOUT: Failure =
    lost(json(504, SERVER, "The upstream server did not answer in time.", Some("gateway_timeout")));
/// A proxy's page that claims success.
pub(crate) static PAGE: Failure = Failure { status: 200, body: Body::Html("504 Gateway Time-out"), accepted: true };
/// No account is free to generate with.
pub(crate) static NO_TOKENS: Failure = json(
    503,
    SERVER,
    "No available tokens for video generation. All tokens are either disabled, cooling down, Sora2 quota exhausted, \
     don't support Sora2, or expired.",
    None,
);
pub(crate) static HEAVY_LOAD: Failure =
    json(503, SERVER, "We're under heavy load, please try again later.", Some("heavy_load"));
/// Something went wrong and nobody says what.
pub(crate) static UNSPECIFIED: Failure = json(500, SERVER, "Generation failed: upstream error", None);
/// The message is the JSON text of another error.
pub(crate) static NESTED: Failure = json(
    500,
    SERVER,
    r#"{"error": {"message": "The generation backend failed.", "type": "server_error", "code": "internal_error"}}"#,
    None,
);

impl Failure {
    /// The HTTP response; 429 and 503 say when to come back, if it is known.
    pub(crate) fn answer(&self, flavour: Flavour, retry_after: Option<u64>) -> Response {
        let retry_after = retry_after.filter(|_| matches!(self.status, 429 | 503));
        let retry_after = AppendHeaders(retry_after.map(|seconds| (RETRY_AFTER, seconds.to_string())));
        let error = self.error();
        match self.body {
            Body::Json(..) => (retry_after, error.in_words_of(flavour)).into_response(),
            Body::Html(title) => {
                (error.status(), retry_after, [(CONTENT_TYPE, "text/html")], page(title)).into_response()
            }
        }
    }

    /// The error on its own.
    pub(crate) fn error(&self) -> ApiError {
        let (kind, message, code) = match self.body {
            Body::Json(kind, message, code) => (kind, message, code),
            Body::Html(title) => (SERVER, title, None),
        };
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        ApiError::new(status, kind, message).code(code)
    }
}

/// What a proxy says.
pub(crate) fn page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}
