//! A panic in a handler is a 500 like any other.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::error::ApiError;

/// Turns a panic into a refusal, which tells nothing.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => ApiError::Internal("a handler panicked".into()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::header;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use crate::http::problem;

    #[tokio::test]
    async fn a_panic_is_a_refusal_that_tells_nothing() {
        let panics = get(async || -> &str { panic!("the secret") });
        let router = Router::new().route("/", panics).layer(from_fn(catch_panic));
        let response = router.oneshot(Request::new(axum::body::Body::empty())).await.unwrap();
        let response = problem::render(response, "id");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("secret"), "{body}");
    }
}
