//! How a request is turned away: OpenAI's error object, which is what Sora-compatible servers answer with.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An HTTP error of the simulated upstream.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    /// A fault of the request: `invalid_request_error`.
    pub(crate) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "invalid_request_error", message: message.into(), param: None, code: None }
    }

    /// A fault of the server: `server_error`.
    pub(crate) fn server(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "server_error", message: message.into(), param: None, code: None }
    }

    /// Names the part of the request that is at fault.
    pub(crate) fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// Gives the error a code for machines.
    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = json!({"message": self.message, "type": self.kind, "param": self.param, "code": self.code});
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
