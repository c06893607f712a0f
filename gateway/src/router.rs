//! The whole URL space, and the layers around it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::http::access_log::access_log;
use crate::http::catch_panic::catch_panic;
use crate::http::host_guard::host_guard;
use crate::http::timeouts::timeouts;
use crate::http::{origin, static_files, throttle};
use crate::state::Gateway;
use crate::{admin, auth, health, images, keys, live, openapi, videos};

/// Routes that describe themselves; the OpenAPI document is made of them.
pub(crate) fn described() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .layer(from_fn(throttle::rate_limit_headers))
}

/// All routes of the gateway.
pub(crate) fn router(gateway: Gateway) -> Router {
    let api = Router::new()
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/me", get(auth::me).patch(auth::rename).delete(auth::delete))
        .route("/auth/password", post(auth::change_password))
        .route("/auth/export", get(auth::export))
        .route("/auth/sessions", get(auth::sessions).delete(auth::end_other_sessions))
        .route("/auth/sessions/{session}", delete(auth::end_session))
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
        .route("/videos/{video}/poster", get(videos::poster))
        .route("/videos/{video}/shares", post(videos::share).delete(videos::unshare))
        .route("/shares/{token}", get(videos::shared))
        .route("/shares/{token}/content", get(videos::shared_content))
        .route("/shares/{token}/poster", get(videos::shared_poster))
        .route("/images", get(images::list).post(images::upload).layer(DefaultBodyLimit::max(images::MAX_BODY)))
        .route("/images/{image}", get(images::read).delete(images::delete))
        .route("/images/{image}/content", get(images::content))
        .route("/admin/stats", get(admin::statistics))
        .route("/admin/queue", get(admin::queue).patch(admin::change_queue))
        .route("/admin/jobs", get(admin::jobs))
        .route("/admin/jobs/{job}", get(admin::read_job))
        .route("/admin/jobs/{job}/retry", post(admin::retry_job))
        .route("/admin/users", get(admin::users))
        .route("/admin/users/{user}", patch(admin::change_user))
        .route("/admin/audit", get(admin::audit))
        .route("/ws", get(live::upgrade))
        .route("/openapi.json", get(openapi::json))
        .layer(from_fn(throttle::rate_limit_headers));
    let (described, _) = described().split_for_parts();
    Router::new()
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/docs", get(openapi::page))
        .route("/docs/docs.js", get(openapi::script))
        .route("/docs/docs.css", get(openapi::style))
        .nest("/api", api)
        .merge(described)
        .fallback(static_files::serve)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(origin::cross_origin(&gateway.config))
        .layer(from_fn_with_state(gateway.clone(), timeouts))
        .layer(from_fn_with_state(gateway.clone(), host_guard))
        .layer(catch_panic())
        .layer(from_fn_with_state(gateway.clone(), access_log))
        .with_state(gateway)
}
