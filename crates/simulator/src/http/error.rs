//! How a request is turned away: OpenAI's error object, which is what most Sora-compatible servers answer with, or the
//! `detail` of the others.

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::dialect::Flavour;

/// An HTTP error of the simulated upstream.
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

    /// A fault of the request: `invalid_request_error`.
    pub(crate) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, "invalid_request_error", message)
    }

    /// Names the part of the request that is at fault.
    pub(crate) fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Gives the error a code for machines.
    pub(crate) fn code(mut self, code: impl Into<Option<&'static str>>) -> Self {
        self.code = code.into();
        self
    }

    /// Says it as servers of this flavour do.
    pub(crate) fn in_words_of(mut self, flavour: Flavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// Its HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The error as an object.
    pub(crate) fn frame(&self) -> ErrorFrame<'_> {
        let Self { kind, param, code, .. } = *self;
        ErrorFrame { error: ErrorObject { message: &self.message, kind, param, code } }
    }

    /// `{"detail": …}`: a text, or for a parameter at fault a list and the status 422.
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
