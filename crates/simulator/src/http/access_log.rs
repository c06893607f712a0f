//! One log line per request. It holds the route instead of the path, because the URL of a video is a secret, and it never
//! holds a prompt.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::info;

/// Response extension: the behaviour tag of the request.
#[derive(Clone)]
pub(crate) struct TagLabel(pub(crate) Arc<str>);

/// Middleware that logs a request once it has been answered.
pub(crate) async fn access_log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| request.uri().path().to_owned(), |path| path.as_str().to_owned());
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let response = next.run(request).await;
    let tag = response.extensions().get::<TagLabel>().map_or("", |label| &label.0);
    info!(
        http.status = response.status().as_u16(),
        http.ms = started.elapsed().as_millis(),
        sim.tag = tag,
        traceparent,
        "{method} {route}"
    );
    response
}
