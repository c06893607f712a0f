//! Error responses: OpenAI's error object, which most Sora-compatible servers use, or vLLM-Omni's `detail`.

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::dialect::Flavour;

/// An HTTP error response.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<&'static str>,
    code: Option<&'static str>,
    flavour: Flavour,
}

/// OpenAI's error object, field order included.
#[derive(Serialize)]
pub(crate) struct ErrorFrame<'a> {
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    /// An error of this `type`.
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), param: None, code: None, flavour: Flavour::Openai }
    }

    /// An error caused by the request: `invalid_request_error`.
    pub(crate) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "invalid_request_error", message)
    }

    /// Sets the request parameter that caused the error.
    pub(crate) fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Sets the machine-readable code.
    pub(crate) fn code(mut self, code: impl Into<Option<&'static str>>) -> Self {
        self.code = code.into();
        self
    }

    /// Formats the error as servers of this flavour do.
    pub(crate) fn in_flavour(mut self, flavour: Flavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The error object, as sent in a response body or in a stream.
    pub(crate) fn frame(&self) -> ErrorFrame<'_> {
        let Self { kind, param, code, .. } = *self;
        ErrorFrame { error: ErrorObject { message: &self.message, kind, param, code } }
    }

    /// `{"detail": …}`: a string or, if the error names a parameter, a list with status 422.
    fn detail(self) -> Response {
        let (status, detail) = match self.param {
            Some(param) if self.status == StatusCode::BAD_REQUEST => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!([{"type": "value_error", "loc": ["body", param], "msg": self.message}]),
            ),
            _ => (self.status, json!(self.message)),
        };
        (status, Json(json!({"detail": detail}))).into_response()
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        Self::invalid(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartRejection> for ApiError {
    fn from(rejection: MultipartRejection) -> Self {
        Self::invalid(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        Self::invalid(error.status(), error.body_text())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.flavour == Flavour::VllmOmni {
            return self.detail();
        }
        (self.status, Json(self.frame())).into_response()
    }
}
