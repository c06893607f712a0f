//! What holds for every request: an id, a span, one log line, security headers, a bound on time, and that a panic in a
//! handler is a 500 like any other.
//!
//! Logged is the path without its query; never a body, a prompt or a token.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use entity::clock::millis;
use futures::FutureExt;
use tokio::time::timeout;
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::error::{self, ApiError};
use crate::state::Gateway;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Outermost: names the request, logs it, and finishes its response.
pub(crate) async fn observed(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let span = info_span!("request", request.id = id, %method, route);
    let answered = async move {
        let mut response = error::render(next.run(request).await, &id);
        let (status, milliseconds) = (response.status().as_u16(), millis(began.elapsed()));
        let kind = [("route", route.clone()), ("status", status.to_string())];
        metrics::counter!("sora_http_requests_total", &kind).increment(1);
        metrics::histogram!("sora_http_request_seconds", "route" => route.clone()).record(began.elapsed());
        if route == "/livez" || route == "/readyz" {
            tracing::debug!(path, status, milliseconds, "answered");
        } else {
            tracing::info!(path = told(&path), status, milliseconds, "answered");
        }
        finish(response.headers_mut(), &id);
        if gateway.config.public_url.scheme() == "https" {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
        }
        response
    };
    answered.instrument(span).await
}

/// Turns a panic into a refusal, which tells nothing.
pub(crate) async fn contained(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => ApiError::Internal("a handler panicked".into()).into_response(),
    }
}

/// Most bytes of a request's headers.
const MAX_HEADERS: usize = 32 * 1024;

/// Bounds the headers, and the time up to the response's head, the reading of the body included; what a response sends may
/// stream on. A body is bounded where it is read; one that nobody reads is not taken.
pub(crate) async fn bounded(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return ApiError::HeadersTooLarge(MAX_HEADERS).into_response();
    }
    let timings = &gateway.config.timings;
    let upload = request.method() == Method::POST && request.uri().path() == "/api/images";
    match timeout(if upload { timings.upload } else { timings.request }, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => ApiError::unavailable(elapsed).into_response(),
    }
}

/// A path as the log tells it: links that show a video are as good as a key.
fn told(path: &str) -> &str {
    let secret = ["/share/", "/api/shares/"].into_iter().find(|start| path.starts_with(start));
    secret.unwrap_or(path)
}

/// The client's id for the request if it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let proper = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(proper);
    given.map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// What a response says unless its handler said otherwise.
const DEFAULTS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then send `Origin: null` with some requests of our own page.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For a year; other services under the same name are not spoken for.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

fn finish(headers: &mut HeaderMap, id: &str) {
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_a_refusal_that_tells_nothing() {
        let panics = get(async || -> &str { panic!("the secret") });
        let router = Router::new().route("/", panics).layer(from_fn(contained));
        let response = router.oneshot(Request::new(axum::body::Body::empty())).await.unwrap();
        let response = error::render(response, "id");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("secret"), "{body}");
    }

    #[test]
    fn takes_only_harmless_ids_from_clients() {
        let given = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            request_id(&headers)
        };
        assert_eq!(given("trace_7-A"), "trace_7-A");
        for harmful in ["", "a b", "a\tb", "<script>", &"a".repeat(65)] {
            assert_ne!(given(harmful), harmful);
        }
    }
}
