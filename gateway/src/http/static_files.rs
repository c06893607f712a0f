//! The built page: the files of `FRONTEND_DIST`, and `index.html` for every path that the page routes itself.
//!
//! Files under `/assets` have a hash in their names and are cached for a year. Everything else is revalidated, so that a
//! deployment takes effect at the next load.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;
use url::Origin;

use crate::error::ApiError;
use crate::http::security_headers::RESOURCE_POLICY;
use crate::state::Gateway;

/// Forbids inline scripts and styles, and everything from unknown origins. `origins`: further origins of this gateway, where the
/// page finds the API if it was built with `VITE_API_URL`. `blob:` URLs are created by the page itself.
fn page_policy(origins: &[Origin]) -> Result<HeaderValue, InvalidHeaderValue> {
    let sources: String = origins.iter().map(|origin| format!(" {}", origin.ascii_serialization())).collect();
    let sockets = sources.replace(" http", " ws");
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{sources}; \
         media-src 'self' blob:{sources}; font-src 'self'; connect-src 'self'{sources}{sockets}; manifest-src 'self'; \
         worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ))
}

/// Serves a path without a route: a file, the page, or a 404.
pub(crate) async fn serve(State(gateway): State<Gateway>, request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let Some(folder) = gateway.config.http.frontend_dist.as_ref().filter(|_| !is_api(path)) else {
        return Err(ApiError::NotFound);
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(ApiError::MethodNotAllowed);
    }
    let (immutable, routed) = (path.starts_with("/assets/"), is_routed(path));
    let index = index(&request);
    let mut files = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    let mut response = files.try_call(request).await.map_err(ApiError::unavailable)?.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND && routed {
        response = files.try_call(index).await.map_err(ApiError::unavailable)?.map(Body::new);
    }
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let caching = if immutable && found { "public, max-age=31536000, immutable" } else { "no-cache" };
    let policy =
        page_policy(&gateway.config.http.other_origins).map_err(|cause| ApiError::Internal(cause.to_string()))?;
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, response).into_response())
}

fn is_api(path: &str) -> bool {
    ["/api", "/v1", "/mcp"]
        .iter()
        .filter_map(|root| path.strip_prefix(root))
        .any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether the page may route the path: it does not look like a file's.
fn is_routed(path: &str) -> bool {
    !path.starts_with("/assets/") && path.rsplit('/').next().is_none_or(|last| !last.contains('.'))
}

/// Returns the request for the page itself, with the method and the encodings of `request`.
fn index(request: &Request) -> Request {
    let mut index = Request::default();
    *index.uri_mut() = Uri::from_static("/");
    *index.method_mut() = request.method().clone();
    let encodings = request.headers().get_all(header::ACCEPT_ENCODING).into_iter();
    index.headers_mut().extend(encodings.map(|value| (header::ACCEPT_ENCODING, value.clone())));
    index
}
