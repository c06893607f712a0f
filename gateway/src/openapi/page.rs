//! `/docs`: the reference of the API, shown by Scalar, with the guides that it refers to.
//!
//! Scalar's bundle is part of this program: the page loads nothing from elsewhere.

use std::io::Write;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;

use crate::error::ApiError;
use crate::http::conditional::none_match;
use crate::secret;

/// Only files of this server. Scalar adds its styles from script, so these may be inline; scripts may not.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; \
     media-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

/// `GET /docs`.
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", include_str!("../../assets/docs.html"))
}

/// `GET /docs/docs.js`.
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../assets/docs.js"))
}

/// `GET /docs/live.md`: the protocol of the websocket.
pub(crate) async fn live_guide() -> Response {
    file("text/plain; charset=utf-8", include_str!("../../../docs/live.md"))
}

/// `GET /docs/API.md`: the API by example.
pub(crate) async fn api_guide() -> Response {
    file("text/plain; charset=utf-8", include_str!("../../../docs/API.md"))
}

/// `GET /docs/webhooks.md`: what webhooks send, and how to verify it.
pub(crate) async fn webhooks_guide() -> Response {
    file("text/plain; charset=utf-8", include_str!("../../../docs/webhooks.md"))
}

/// `GET /docs/scalar.js`: Scalar's bundle. Browsers keep it, and ask whether it has changed.
pub(crate) async fn scalar(headers: HeaderMap) -> Result<Response, ApiError> {
    // Compressing it takes a moment, once.
    let bundle = spawn_blocking(|| &*BUNDLE).await.map_err(|error| ApiError::Internal(error.to_string()))?;
    let common = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, bundle.tag.as_str()),
        (header::VARY, "accept-encoding"),
    ];
    if !none_match(&headers, &bundle.tag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let encodings = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if encodings.contains("gzip") {
        return Ok((common, [(header::CONTENT_ENCODING, "gzip")], bundle.compressed.clone()).into_response());
    }
    Ok((common, bundle.plain.clone()).into_response())
}

/// A file in its two forms.
struct Bundle {
    plain: Bytes,
    compressed: Bytes,
    tag: String,
}

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let plain = scalar_api_reference::get_asset("scalar.js").unwrap_or_default();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Neither fails: it writes to memory.
    let compressed = encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default();
    let tag = format!("\"{}\"", secret::sha256(&plain));
    Bundle { plain: plain.into(), compressed: compressed.into(), tag }
});

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}
