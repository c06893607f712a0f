//! The whole URL space, and the log line that every request leaves.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use tracing::info;

use crate::http::error::ApiError;
use crate::server::Shared;
use crate::stats::handlers as stats;
use crate::{chat, index, media, models, videos};

/// Largest body read: room for a reference image in a data URL.
const BODY_LIMIT: usize = 32 << 20;

/// Left on a response by its handler: the tags that were obeyed, for the log.
#[derive(Clone)]
pub(crate) struct TagNote(pub(crate) Arc<str>);

/// All routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(index::page))
        .route("/v1/chat/completions", post(chat::submit).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/v1/models", get(models::list))
        .route("/v1/videos", post(videos::create).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/v1/videos/{id}", get(videos::poll).delete(videos::delete))
        .route("/v1/videos/{id}/content", get(videos::content))
        .route("/media/{file}", get(media::fetch))
        .route("/media/{id}/file.mp4", get(media::fetch_file))
        .route("/sim/stats", get(stats::read))
        .route("/sim/reset", post(stats::reset))
        .fallback(async || ApiError::invalid(StatusCode::NOT_FOUND, "Unknown request URL.").code("unknown_url"))
        .method_not_allowed_fallback(async || {
            ApiError::invalid(StatusCode::METHOD_NOT_ALLOWED, "Not allowed to use this method here.")
                .code("method_not_supported")
        })
        .layer(from_fn(log))
        .with_state(shared)
}

/// One line per request. Routes stand for paths, since a video's address is a secret, and prompts stay out of it.
async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| request.uri().path().to_owned(), |path| path.as_str().to_owned());
    let traceparent = request.headers().get("traceparent").and_then(|place| place.to_str().ok()).map(ToOwned::to_owned);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let tag = response.extensions().get::<TagNote>().map_or("", |note| &note.0);
    info!(
        http.status = status,
        http.ms = started.elapsed().as_millis(),
        sim.tag = tag,
        traceparent,
        "{method} {route}"
    );
    response
}
