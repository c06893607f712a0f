//! Limits of each request: the size of its headers, and the time to the headers of its response.

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::http::prefer;
use crate::state::Gateway;

/// Maximum size of a request's headers, in bytes.
const MAX_HEADERS: usize = 32 * 1024;

/// Whether the route of a request waits for jobs if the client prefers it.
fn can_wait(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    matches!(route, Some("/api/videos" | "/api/videos/jobs/{job}"))
}

/// Layer that limits the size of the headers, and the time to the headers of the response, including reading the request
/// body, and with the time that the client prefers to wait. The response body may stream longer. The size of a request body is limited where it is read.
pub(crate) async fn timeouts(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return ApiError::HeadersTooLarge(MAX_HEADERS).into_response();
    }
    let timeouts = &gateway.config.http.timeouts;
    let upload = request.method() == Method::POST && matches!(request.uri().path(), "/api/images" | "/v1/videos");
    let limit = if upload { timeouts.upload } else { timeouts.request };
    let wait = prefer::wait(request.headers()).filter(|_| can_wait(&request)).unwrap_or_default();
    match timeout(limit + wait, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => ApiError::unavailable(elapsed).into_response(),
    }
}
