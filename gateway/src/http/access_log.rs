//! What holds for every request: an id, a span, one log line, security headers, a bound on time, and that a panic in a
//! handler is a 500 like any other.
//!
//! Logged is the path without its query, the client's name for itself, and by what kind of credentials it comes; never a
//! body, a prompt or a token.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use entity::clock::millis;
use futures::FutureExt;
use service::Trace;
use service::telemetry::ACCESS;
use tokio::time::timeout;
use tracing::{Instrument, error_span};
use uuid::Uuid;

use crate::error::{self, ApiError};
use crate::metrics;
use crate::state::Gateway;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Outermost: names the request, logs it, and finishes its response. The span is an error's, so that it stands around
/// whatever is logged at all.
pub(crate) async fn observed(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let trace = trace(request.headers(), &id);
    let mut seen = Seen::of(&request, began);
    let span =
        error_span!("request", request.id = id, trace_id = trace.id(), method = %seen.method, route = seen.route);
    request.extensions_mut().insert(trace);
    let answered = async move {
        let mut response = error::render(next.run(request).await, &id);
        seen.answered = Some(response.status().as_u16());
        drop(seen);
        finish(response.headers_mut(), &id);
        if gateway.config.public_url.scheme() == "https" {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
        }
        response
    };
    answered.instrument(span).await
}

/// What the log tells of a request, once it is over: dropped without an answer, its client has hung up.
struct Seen {
    began: Instant,
    answered: Option<u16>,
    method: Method,
    path: String,
    route: String,
    user_agent: String,
    authorisation: String,
}

/// Most characters of a client's name for itself.
const USER_AGENT: usize = 200;

impl Seen {
    fn of(request: &Request, began: Instant) -> Self {
        let agent = request.headers().get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        Self {
            began,
            answered: None,
            method: request.method().clone(),
            path: told(request.uri().path()).to_owned(),
            route: request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned(),
            user_agent: String::from_utf8_lossy(agent).chars().take(USER_AGENT).collect(),
            authorisation: authorisation(request.headers()),
        }
    }
}

/// The status of a request whose client did not wait for an answer, as nginx writes it.
const HUNG_UP: u16 = 499;

/// Counts the answer and logs it: probes, and the files of the page, only for whoever wants to know everything.
impl Drop for Seen {
    fn drop(&mut self) {
        let (took, status) = (self.began.elapsed(), self.answered.unwrap_or(HUNG_UP));
        metrics::answered(&self.method, &self.route, status, took.as_secs_f64());
        let Self { path, user_agent, authorisation, .. } = self;
        let milliseconds = millis(took);
        if status < 400 && matches!(self.route.as_str(), "" | "/livez" | "/readyz") {
            tracing::debug!(target: ACCESS, path, status, milliseconds, user_agent, authorisation, "answered");
        } else {
            tracing::info!(target: ACCESS, path, status, milliseconds, user_agent, authorisation, "answered");
        }
    }
}

/// By what kind of credentials a request comes; never anything of them.
fn authorisation(headers: &HeaderMap) -> String {
    let scheme = |value: &HeaderValue| {
        let (scheme, _) = value.to_str().ok()?.split_once(' ')?;
        let proper = (1..=10).contains(&scheme.len()) && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
        proper.then(|| scheme.to_owned())
    };
    match headers.get(header::AUTHORIZATION) {
        Some(value) => format!("{} [redacted]", scheme(value).as_deref().unwrap_or("unknown")),
        None if headers.contains_key(header::COOKIE) => "cookie [redacted]".into(),
        None => "none".into(),
    }
}

/// The trace that the client has begun; else a new one, named like the request where that can be.
fn trace(headers: &HeaderMap, id: &str) -> Trace {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(Trace::parse);
    given.unwrap_or_else(|| {
        let id = Uuid::try_parse(id).ok().filter(|id| !id.is_nil()).unwrap_or_else(Uuid::new_v4);
        Trace::begin(id.as_u128(), Uuid::new_v4().as_u64_pair().1)
    })
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

/// A path as the log tells it: links that show a video are as good as a key, misspelt ones too.
fn told(path: &str) -> &str {
    let ends = ["/share/", "/shares/"].into_iter().filter_map(|part| Some(path.find(part)? + part.len()));
    ends.min().and_then(|end| path.get(..end)).unwrap_or(path)
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
    fn tells_how_a_request_is_signed_and_nothing_of_the_token() {
        let told = |name: HeaderName, value: &'static str| {
            authorisation(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
        };
        assert_eq!(told(header::AUTHORIZATION, "Bearer sk-1234"), "Bearer [redacted]");
        assert_eq!(told(header::AUTHORIZATION, "skonly"), "unknown [redacted]");
        assert_eq!(told(header::COOKIE, "session=eyJ"), "cookie [redacted]");
        assert_eq!(told(header::ACCEPT, "*/*"), "none");
    }

    #[test]
    fn tells_no_link_that_shows_a_video() {
        for path in ["/share/secret", "/api/shares/secret", "/api//shares/secret/content", "/api/v1/shares/secret"] {
            assert!(told(path).ends_with("/") && !told(path).contains("secret"), "{path}");
        }
        assert_eq!(told("/api/videos/jobs"), "/api/videos/jobs");
    }

    #[test]
    fn a_request_goes_on_with_its_trace_or_begins_one_of_its_own_name() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = HeaderMap::from_iter([(HeaderName::from_static("traceparent"), HeaderValue::from_static(given))]);
        assert_eq!(trace(&headers, "anything").to_string(), given);
        let id = Uuid::now_v7();
        assert_eq!(trace(&HeaderMap::new(), &id.to_string()).id(), id.simple().to_string());
        assert_ne!(trace(&HeaderMap::new(), "anything"), trace(&HeaderMap::new(), "anything"));
        assert!(Trace::parse(&trace(&HeaderMap::new(), &Uuid::nil().to_string()).to_string()).is_some());
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
