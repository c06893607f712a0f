//! `/mcp`: a Model Context Protocol server, with which assistants create and follow videos.
//!
//! Streamable HTTP without sessions, so that any gateway can answer any request. A request is authenticated by its
//! `Authorization` header alone. The tools call what `/api` calls: the same jobs, limits and errors.
//!
//! | module | role |
//! |---|---|
//! | `message` | what is answered before the protocol: messages that cannot be read |
//! | `server` | what the protocol asks for: the server's description, the list of tools, calls |
//! | `tools` | names, descriptions and schemas of the tools |
//! | `arguments` | reads and checks the arguments of a call |
//! | `calls` | what each tool does |
//! | `progress` | notifies the client while a call waits |
//! | `video` | the results |

mod arguments;
mod calls;
mod message;
mod progress;
mod server;
mod tools;
mod video;

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use service::Trace;

use crate::auth::AnyCaller;
use crate::error::ApiError;
use crate::http::body;
use crate::http::client_address::ClientAddress;
use crate::mcp::message::{Message, refusal};
use crate::mcp::server::Server;
use crate::state::Gateway;

/// The path.
pub(crate) const PATH: &str = "/mcp";

/// Maximum time that a call waits, in seconds. Some assistants give up after a minute.
const MAX_WAIT_SECONDS: i64 = 50;

/// Maximum time that a call waits.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(MAX_WAIT_SECONDS.unsigned_abs());

/// Answers a request of the protocol.
pub(crate) async fn serve(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    Extension(trace): Extension<Trace>,
    mut request: Request,
) -> Result<Response, ApiError> {
    if request.headers().contains_key(header::ORIGIN) {
        gateway.origins.require(request.headers())?;
    }
    request.headers_mut().remove(header::COOKIE);
    let (mut parts, body) = request.into_parts();
    let caller = AnyCaller::from_request_parts(&mut parts, &gateway).await?;
    caller.count_read(&gateway).await?;
    let server = Server { gateway, caller, client, trace };
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), rules());
    if parts.method != Method::POST || !body::is_json(&parts.headers) {
        let response = service.handle(Request::from_parts(parts, body)).await.map(Body::new);
        return Ok(translate(response));
    }
    let bytes = body::read_limited(body, body::MAX_BYTES).await?;
    let message = match Message::parse(&bytes) {
        Ok(message) => message,
        Err(error) => return Ok(refusal(None, error)),
    };
    let response = service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new);
    Ok(if is_unreadable(&response) { message.invalid() } else { translate(response) })
}

/// Whether the transport could not read the message, although it is JSON.
fn is_unreadable(response: &Response) -> bool {
    response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE
}

/// Hosts and origins have been checked.
fn rules() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(body::MAX_BYTES)
        .disable_allowed_hosts()
        .disable_allowed_origins()
}

fn is_json_or_events(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    response.status().is_success() || kind.starts_with("application/json") || kind.starts_with("text/event-stream")
}

/// Describes errors of the transport as errors of the API are described.
fn translate(response: Response) -> Response {
    if is_json_or_events(&response) {
        return response;
    }
    let error = match response.status() {
        StatusCode::NOT_ACCEPTABLE => {
            ApiError::MalformedRequest("Accept must have application/json and text/event-stream")
        }
        // The only header that the transport rejects in this way.
        StatusCode::BAD_REQUEST => {
            ApiError::MalformedRequest("MCP-Protocol-Version does not name a revision that this server supports")
        }
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::UnsupportedMediaType(body::JSON),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(body::MAX_BYTES),
        _ => return response,
    };
    error.into_response()
}
