//! The URL space.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::http::access_log::access_log;
use crate::http::error::ApiError;
use crate::media::handlers as media;
use crate::state::AppState;
use crate::stats::handlers as stats;
use crate::{chat, index, models, videos};

/// Largest request body, in bytes. A reference image sent as a data URL must fit.
const BODY_LIMIT: usize = 32 << 20;

/// All routes.
pub(crate) fn router(app: Arc<AppState>) -> Router {
    Router::new()
        .route("/", get(index::page))
        .route("/v1/chat/completions", post(chat::submit).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/v1/models", get(models::list))
        .route("/v1/videos", post(videos::create).layer(DefaultBodyLimit::max(BODY_LIMIT)))
        .route("/v1/videos/{id}", get(videos::poll).delete(videos::delete))
        .route("/v1/videos/{id}/content", get(videos::content))
        .route("/media/{file}", get(media::video))
        .route("/media/{id}/{file}", get(media::file))
        .route("/sim/stats", get(stats::read))
        .route("/sim/reset", post(stats::reset))
        .fallback(async || ApiError::invalid(StatusCode::NOT_FOUND, "Unknown request URL.").code("unknown_url"))
        .method_not_allowed_fallback(async || {
            ApiError::invalid(StatusCode::METHOD_NOT_ALLOWED, "Not allowed to use this method here.")
                .code("method_not_supported")
        })
        .layer(from_fn(access_log))
        .with_state(app)
}
