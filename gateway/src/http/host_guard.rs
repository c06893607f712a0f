//! Rejects requests for other host names, as in a DNS rebinding attack.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::state::Gateway;

/// Layer that requires one of the host names of the allowed origins. Probes are exempt: they call by address.
pub(crate) async fn host_guard(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(header::HOST).and_then(|host| host.to_str().ok()),
    };
    if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
        return ApiError::MalformedRequest("more than one Host header").into_response();
    }
    let probe = matches!(request.uri().path(), "/livez" | "/readyz");
    if probe || named.is_some_and(|host| gateway.origins.is_host(host)) {
        return next.run(request).await;
    }
    ApiError::Misdirected.into_response()
}
