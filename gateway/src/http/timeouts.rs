//! Bounds on each request: the size of its headers, and the time up to the head of its response.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::state::Gateway;

/// Most bytes of a request's headers.
const MAX_HEADERS: usize = 32 * 1024;

/// Bounds the headers, and the time up to the response's head, the reading of the body included; what a response sends may
/// stream on. A body is bounded where it is read; one that nobody reads is not taken.
pub(crate) async fn timeouts(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return ApiError::HeadersTooLarge(MAX_HEADERS).into_response();
    }
    let timeouts = &gateway.config.http.timeouts;
    let upload = request.method() == Method::POST && request.uri().path() == "/api/images";
    match timeout(if upload { timeouts.upload } else { timeouts.request }, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => ApiError::unavailable(elapsed).into_response(),
    }
}
