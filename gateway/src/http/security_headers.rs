//! Security headers of every response.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::Http;

/// Headers that are set unless the handler has set them.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then send `Origin: null` with some requests of the page.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Which pages may embed a response as a video or an image.
pub(super) const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// One year, without `includeSubDomains`: subdomains may belong to other services.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Sets the headers.
pub(crate) fn set(headers: &mut HeaderMap, http: &Http) {
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Pages of other sites would not send the session cookie anyway.
    let embedding = if !http.other_origins.is_empty() { "same-site" } else { "same-origin" };
    headers.entry(RESOURCE_POLICY).or_insert(HeaderValue::from_static(embedding));
    if http.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
    }
}
