//! `/docs`: a page that lists the calls and makes them. Three small files, served from the program itself.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// No inline script or style, nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; img-src data:; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

/// `GET /docs`.
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", include_str!("../../assets/docs.html"))
}

/// `GET /docs/docs.js`.
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../../assets/docs.js"))
}

/// `GET /docs/docs.css`.
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../../assets/docs.css"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, text).into_response()
}
