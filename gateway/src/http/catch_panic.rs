//! Answers a panic in a handler with a 500, as any other internal error.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::ApiError;

/// Layer that turns a panic into [`ApiError::Internal`]. The panic's message is not sent.
pub(crate) fn catch_panic() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(|_| ApiError::Internal("a handler panicked".into()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::extract::Request;
    use axum::http::header;
    use axum::routing::get;
    use tower::ServiceExt;

    use crate::http::problem;

    #[tokio::test]
    async fn answers_a_panic_with_500_without_its_message() {
        let panics = get(async || -> &str { panic!("the secret") });
        let router = Router::new().route("/", panics).layer(catch_panic());
        let response = router.oneshot(Request::new(axum::body::Body::empty())).await.unwrap();
        let response = problem::render(response, "id");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("secret"), "{body}");
    }
}
