//! Limits of each request: the size of its headers, and the time to the headers of its response.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::state::Gateway;

/// Maximum size of a request's headers, in bytes.
const MAX_HEADERS: usize = 32 * 1024;

/// Layer that limits the size of the headers, and the time to the headers of the response, including reading the request
/// body. The response body may stream longer. The size of a request body is limited where it is read.
pub(crate) async fn timeouts(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return ApiError::HeadersTooLarge(MAX_HEADERS).into_response();
    }
    let timeouts = &gateway.config.http.timeouts;
    let upload = request.method() == Method::POST && matches!(request.uri().path(), "/api/images" | "/v1/videos");
    match timeout(if upload { timeouts.upload } else { timeouts.request }, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => ApiError::unavailable(elapsed).into_response(),
    }
}
