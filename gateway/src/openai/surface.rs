//! What every request below `/v1` has in common: it is authenticated by its `Authorization` header alone, and its response
//! has the rate limit's headers under the names that OpenAI uses.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::throttle::{RequestUsage, Usage};

/// Layer that drops cookies and adds the caller's usage. It is within the layer that adds the usage in standard headers.
pub(crate) async fn surface(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(header::COOKIE);
    let usage = request.extensions().get::<RequestUsage>().cloned();
    let mut response = next.run(request).await;
    response.headers_mut().extend(usage.and_then(|usage| usage.get()).iter().flat_map(headers));
    response
}

fn headers(usage: &Usage) -> [(HeaderName, HeaderValue); 3] {
    let reset = HeaderValue::from_str(&format!("{}s", usage.resets_in())).unwrap_or(HeaderValue::from_static("60s"));
    [
        (HeaderName::from_static("x-ratelimit-limit-requests"), usage.max().into()),
        (HeaderName::from_static("x-ratelimit-remaining-requests"), usage.remaining().into()),
        (HeaderName::from_static("x-ratelimit-reset-requests"), reset),
    ]
}
