//! The whole URL space, and the layers around it.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::error::ApiError;
use crate::state::Gateway;
use crate::{auth, health, live, request, videos, web};

/// All routes of the gateway.
pub(crate) fn router(gateway: Gateway) -> Router {
    let api = Router::new()
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/me", get(auth::me))
        .route("/models", get(videos::models))
        .route("/videos", post(videos::create))
        .route("/videos/jobs", get(videos::list))
        .route("/videos/jobs/{job}", get(videos::read_job).delete(videos::delete))
        .route("/videos/jobs/{job}/attempts", get(videos::attempts))
        .route("/videos/jobs/{job}/cancel", post(videos::cancel))
        .route("/videos/jobs/{job}/retry", post(videos::retry))
        .route("/videos/jobs/{job}/fetch", post(videos::fetch))
        .route("/videos/{video}", get(videos::read_video))
        .route("/videos/{video}/content", get(videos::content))
        .route("/ws", get(live::upgrade));
    Router::new()
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .nest("/api", api)
        .fallback(web::serve)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(from_fn_with_state(gateway.clone(), request::bounded))
        .layer(from_fn_with_state(gateway.clone(), auth::known_host))
        .layer(from_fn(request::contained))
        .layer(from_fn(request::observed))
        .with_state(gateway)
}
