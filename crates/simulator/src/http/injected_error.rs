//! Errors that a behaviour returns in place of a result: as an HTTP response, or as a frame in a stream.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::error::ApiError;
use crate::dialect::Flavour;

/// An error that the simulator returns on request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InjectedError {
    status: u16,
    body: Body,
    /// Whether a generation was started nevertheless: the error comes from a proxy that lost the response.
    pub(crate) accepted: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Body {
    /// An error object: `type`, `message` and optional `code`.
    Json(&'static str, &'static str, Option<&'static str>),
    /// An HTML page with this title.
    Html(&'static str),
}

const fn json(status: u16, kind: &'static str, message: &'static str, code: Option<&'static str>) -> InjectedError {
    InjectedError { status, body: Body::Json(kind, message, code), accepted: false }
}

const fn after_acceptance(error: InjectedError) -> InjectedError {
    InjectedError { status: error.status, body: error.body, accepted: true }
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

pub(crate) static UNAUTHORISED: InjectedError =
    json(401, INVALID, "Incorrect API key provided.", Some("invalid_api_key"));
pub(crate) static QUOTA: InjectedError =
    json(402, "insufficient_quota", "You exceeded your current quota.", Some("insufficient_quota"));
pub(crate) static FORBIDDEN: InjectedError =
    json(403, INVALID, "This API key may not use this model.", Some("permission_denied"));
pub(crate) static TIMEOUT: InjectedError =
    after_acceptance(json(408, SERVER, "The request timed out.", Some("timeout")));
pub(crate) static GONE: InjectedError = json(410, INVALID, "This model has been retired.", Some("model_retired"));
pub(crate) static UNPROCESSABLE: InjectedError = json(422, INVALID, "Invalid value: 'seconds'.", Some("invalid_value"));
pub(crate) static TOO_MANY: InjectedError =
    json(429, "rate_limit_error", "Rate limit reached for requests.", Some("rate_limit_exceeded"));
pub(crate) static INTERNAL: InjectedError =
    json(500, SERVER, "The server had an error while processing your request.", None);
/// A bad request that the server reports as an error of its own.
pub(crate) static HIDDEN_BAD_REQUEST: InjectedError = json(500, SERVER, "400: Invalid model: sora9", None);
pub(crate) static BAD_GATEWAY: InjectedError =
    InjectedError { status: 502, body: Body::Html("502 Bad Gateway"), accepted: true };
pub(crate) static UNAVAILABLE: InjectedError =
    json(503, SERVER, "The service is temporarily unavailable. Please try again later.", None);
pub(crate) static GATEWAY_TIMEOUT: InjectedError =
    after_acceptance(json(504, SERVER, "The upstream server did not answer in time.", Some("gateway_timeout")));
/// A proxy's error page with status 200.
pub(crate) static PAGE_WITH_200: InjectedError =
    InjectedError { status: 200, body: Body::Html("504 Gateway Time-out"), accepted: true };
/// No account is available.
pub(crate) static NO_TOKENS: InjectedError = json(
    503,
    SERVER,
    "No available tokens for video generation. All tokens are either disabled, cooling down, Sora2 quota exhausted, \
     don't support Sora2, or expired.",
    None,
);
pub(crate) static HEAVY_LOAD: InjectedError =
    json(503, SERVER, "We're under heavy load, please try again later.", Some("heavy_load"));
/// A refusal by the content policy.
pub(crate) static MODERATED: InjectedError =
    json(400, INVALID, "Your request was rejected by our moderation system.", Some("moderation_blocked"));
/// An error without a cause.
pub(crate) static UNSPECIFIED: InjectedError = json(500, SERVER, "Generation failed: upstream error", None);
/// An error whose message is the JSON of another error.
pub(crate) static NESTED: InjectedError = json(
    500,
    SERVER,
    r#"{"error": {"message": "The generation backend failed.", "type": "server_error", "code": "internal_error"}}"#,
    None,
);

impl InjectedError {
    /// The HTTP response. `retry_after`, in seconds, is sent with 429 and 503 only.
    pub(crate) fn response(&self, flavour: Flavour, retry_after: Option<u64>) -> Response {
        let retry_after = retry_after.filter(|_| matches!(self.status, 429 | 503));
        let retry_after = AppendHeaders(retry_after.map(|seconds| (RETRY_AFTER, seconds.to_string())));
        let error = self.error();
        match self.body {
            Body::Json(..) => (retry_after, error.in_flavour(flavour)).into_response(),
            Body::Html(title) => {
                (error.status(), retry_after, [(CONTENT_TYPE, "text/html")], page(title)).into_response()
            }
        }
    }

    /// The error as an [`ApiError`].
    pub(crate) fn error(&self) -> ApiError {
        let (kind, message, code) = match self.body {
            Body::Json(kind, message, code) => (kind, message, code),
            Body::Html(title) => (SERVER, title, None),
        };
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        ApiError::new(status, kind, message).code(code)
    }
}

/// The HTML of a proxy's error page.
pub(crate) fn page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}
