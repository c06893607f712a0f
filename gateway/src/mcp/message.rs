//! Messages that the protocol cannot read. They are answered with the errors of JSON-RPC 2.0, which name the cause.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rmcp::ErrorData;
use rmcp::model::{JsonRpcError, RequestId};
use serde::Deserialize;
use serde_json::Value;

/// What is known of a message before the protocol reads it.
pub(super) struct Message {
    id: Option<RequestId>,
    /// What is wrong if the protocol cannot read it.
    fault: Fault,
}

enum Fault {
    Batch,
    Params,
    Message,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// It is not JSON.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ErrorData> {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => {
                let id = value.get("id").and_then(|id| RequestId::deserialize(id).ok());
                let is_proper = value["jsonrpc"] == "2.0" && value["method"].is_string();
                let fault = match value {
                    Value::Array(_) => Fault::Batch,
                    _ if is_proper && id.is_some() => Fault::Params,
                    _ => Fault::Message,
                };
                Ok(Self { id, fault })
            }
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let message = format!("The body is not valid JSON: line {line}, column {column}.");
                Err(ErrorData::parse_error(message, None))
            }
        }
    }

    /// The response to a message that is JSON, but no message of JSON-RPC.
    pub(super) fn invalid(self) -> Response {
        let error = match self.fault {
            Fault::Batch => {
                ErrorData::invalid_request("Batches are not supported: send one message in each request.", None)
            }
            Fault::Params => ErrorData::invalid_params("params must be an object, or be left out.", None),
            Fault::Message => {
                let message = "The body is not a message of JSON-RPC 2.0: an object with jsonrpc \"2.0\", a method, and in \
                               requests an id that is a string or an integer.";
                ErrorData::invalid_request(message, None)
            }
        };
        refusal(self.id, error)
    }
}

/// The response to a message that cannot be read.
pub(super) fn refusal(id: Option<RequestId>, error: ErrorData) -> Response {
    (StatusCode::BAD_REQUEST, Json(JsonRpcError::new(id, error))).into_response()
}
