//! Limits of each request: the size of its headers, the time to receive its body, and the time to the headers of its response.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use service::server::BodyWait;
use tokio::time::sleep;

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

/// Layer that limits the size of the headers, the time in which the request body must arrive, and the time to the headers of
/// the response, which is longer by the time that the client prefers to wait. The response body may stream longer. The size
/// of a request body is limited where it is read.
pub(crate) async fn timeouts(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return ApiError::HeadersTooLarge(MAX_HEADERS).into_response();
    }
    let timeouts = &gateway.config.http.timeouts;
    let upload = request.method() == Method::POST && matches!(request.uri().path(), "/api/images" | "/v1/videos");
    let limit = if upload { timeouts.upload } else { timeouts.request };
    let (body_limit, limit) = (sleep(limit), sleep(limit + wait(&request)));
    let body_wait = request.extensions().get::<BodyWait>().cloned().unwrap_or_default();
    let response = within(body_limit, limit, || body_wait.is_waiting(), next.run(request)).await;
    response.unwrap_or_else(IntoResponse::into_response)
}

/// Awaits a response. Which limit applies depends on what is awaited at the time: the client's body, or the server.
async fn within<T>(
    body_limit: impl Future<Output = ()>,
    limit: impl Future<Output = ()>,
    waits_for_body: impl Fn() -> bool,
    response: impl Future<Output = T>,
) -> Result<T, ApiError> {
    let (mut body_limit, mut limit, mut response) = (pin!(body_limit), pin!(limit), pin!(response));
    poll_fn(|context| {
        if let Poll::Ready(response) = response.as_mut().poll(context) {
            return Poll::Ready(Ok(response));
        }
        if waits_for_body() {
            ready!(body_limit.as_mut().poll(context));
            return Poll::Ready(Err(ApiError::RequestTimeout));
        }
        ready!(limit.as_mut().poll(context));
        Poll::Ready(Err(ApiError::unavailable("no response in time")))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::{pending, ready};
    use tokio::task::yield_now;

    #[tokio::test]
    async fn a_late_body_is_not_awaited_although_the_response_may_wait() {
        let late = within(ready(()), pending(), || true, pending::<()>()).await;
        assert!(matches!(late, Err(ApiError::RequestTimeout)));
    }

    #[tokio::test]
    async fn a_body_that_is_awaited_after_its_time_is_late() {
        let waiting = Cell::new(false);
        let response = async {
            yield_now().await;
            waiting.set(true);
            pending::<()>().await;
        };
        let late = within(ready(()), pending(), || waiting.get(), response).await;
        assert!(matches!(late, Err(ApiError::RequestTimeout)));
    }

    #[tokio::test]
    async fn the_time_of_the_body_does_not_limit_the_response() {
        assert!(within(ready(()), pending(), || false, yield_now()).await.is_ok());
        let late = within(pending(), ready(()), || false, pending::<()>()).await;
        assert!(matches!(late, Err(ApiError::Unavailable(_))));
    }
}
