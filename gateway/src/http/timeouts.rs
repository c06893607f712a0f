//! Limits of each request: the size of its headers, and the time to the headers of its response.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::http::prefer;
use crate::mcp;
use crate::state::Gateway;

/// Maximum size of a request's headers, in bytes.
const MAX_HEADERS: usize = 32 * 1024;

/// Returns how long the response to a request may wait for jobs.
fn wait(request: &Request) -> Duration {
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some("/api/videos" | "/api/videos/jobs/{job}") => prefer::wait(request.headers()).unwrap_or_default(),
        Some(mcp::PATH) => mcp::MAX_WAIT,
        _ => Duration::ZERO,
    }
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
    let wait = wait(&request);
    let waiting = Arc::new(AtomicBool::new(false));
    let of_body = waiting.clone();
    let request = request.map(|body| Body::new(WatchedBody { body, waiting: of_body }));
    match timeout(limit + wait, next.run(request)).await {
        Ok(response) => response,
        // The client is slow, not the server.
        Err(_) if waiting.load(Ordering::Relaxed) => ApiError::RequestTimeout.into_response(),
        Err(elapsed) => ApiError::unavailable(elapsed).into_response(),
    }
}

/// A request body that tells whether its reader is waiting for the client.
struct WatchedBody {
    body: Body,
    waiting: Arc<AtomicBool>,
}

impl HttpBody for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.waiting.store(frame.is_pending(), Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
