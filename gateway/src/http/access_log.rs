//! The outermost layer: opens the request's span, writes its log line, and completes the response.
//!
//! The log has the path without its query, the user agent, and the kind of credentials; never a body, a prompt or a token.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use entity::clock::millis;
use service::telemetry::ACCESS_TARGET;
use tracing::{Instrument, error_span};

use crate::http::{problem, request_id, security_headers};
use crate::metrics;
use crate::openai::envelope;
use crate::state::Gateway;

/// Layer that gives the request its id and span, logs it, and sets the headers common to all responses. The span has the
/// level `ERROR`, so that every log line within it carries the request's id, whatever the log level.
pub(crate) async fn access_log(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id::request_id(request.headers());
    let trace = request_id::trace(request.headers(), &id);
    let mut entry = LogEntry::of(&request, began);
    let span =
        error_span!("request", request.id = id, trace_id = trace.id(), method = %entry.method, route = entry.route);
    request.extensions_mut().insert(trace);
    let is_compatible = envelope::is_path(request.uri().path());
    let response = async move {
        let response = next.run(request).await;
        let mut response = if is_compatible { envelope::render(response) } else { problem::render(response, &id) };
        entry.status = Some(response.status().as_u16());
        drop(entry);
        request_id::set(response.headers_mut(), &id);
        security_headers::set(response.headers_mut(), &gateway.config.http);
        response
    };
    response.instrument(span).await
}

/// The log line of a request, written on drop. Without a status by then, the client has disconnected.
struct LogEntry {
    began: Instant,
    status: Option<u16>,
    method: Method,
    path: String,
    route: String,
    user_agent: String,
    authorisation: String,
}

/// Maximum number of characters of a user agent in the log.
const MAX_USER_AGENT: usize = 200;

impl LogEntry {
    fn of(request: &Request, began: Instant) -> Self {
        let agent = request.headers().get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        Self {
            began,
            status: None,
            method: request.method().clone(),
            path: redact_path(request.uri().path()),
            route: request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned(),
            user_agent: String::from_utf8_lossy(agent).chars().take(MAX_USER_AGENT).collect(),
            authorisation: authorisation(request.headers()),
        }
    }
}

/// Logged status of a request whose client disconnected before the response, as in nginx.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Counts and logs the request. Successful probes and static files are logged at debug level.
impl Drop for LogEntry {
    fn drop(&mut self) {
        let (took, status) = (self.began.elapsed(), self.status.unwrap_or(CLIENT_CLOSED_REQUEST));
        metrics::request_answered(&self.method, &self.route, status, took.as_secs_f64());
        let Self { path, user_agent, authorisation, .. } = self;
        let milliseconds = millis(took);
        if status < 400 && matches!(self.route.as_str(), "" | "/livez" | "/readyz") {
            tracing::debug!(target: ACCESS_TARGET, path, status, milliseconds, user_agent, authorisation, "request");
        } else {
            tracing::info!(target: ACCESS_TARGET, path, status, milliseconds, user_agent, authorisation, "request");
        }
    }
}

/// Returns the kind of the request's credentials, without any part of them.
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

/// Number of characters of an id.
const ID_LENGTH: usize = 36;

/// Replaces whatever in a path is longer than an id. The tokens of share and file links are: they grant access, and may do so
/// even if the rest of the path is misspelt.
fn redact_path(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.len() > ID_LENGTH { "[redacted]" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    #[test]
    fn logs_the_kind_of_credentials_without_the_token() {
        let logged = |name: HeaderName, value: &'static str| {
            authorisation(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
        };
        assert_eq!(logged(header::AUTHORIZATION, "Bearer sk-1234"), "Bearer [redacted]");
        assert_eq!(logged(header::AUTHORIZATION, "skonly"), "unknown [redacted]");
        assert_eq!(logged(header::COOKIE, "session=eyJ"), "cookie [redacted]");
        assert_eq!(logged(header::ACCEPT, "*/*"), "none");
    }

    #[test]
    fn logs_no_token_of_a_link_wherever_it_is() {
        let id = "0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11";
        let token = format!("{id}_5d41402abc4b2a76b9719d911017c592");
        for path in [
            "/share/TOKEN",
            "/api/shares/TOKEN/content",
            "/api//shares/TOKEN",
            "/api/share%73/TOKEN",
            "/api/shares%2FTOKEN",
            "/API/SHARES/TOKEN",
            "/api/files.TOKEN",
            "/TOKEN",
        ] {
            let logged = redact_path(&path.replace("TOKEN", &token));
            assert!(logged.contains("[redacted]") && !logged.contains(id), "{path}: {logged}");
        }
        let path = format!("/api/videos/jobs/{id}/attempts");
        assert_eq!(redact_path(&path), path);
        assert_eq!(redact_path(&format!("/api/shares/{token}/poster")), "/api/shares/[redacted]/poster");
    }
}
