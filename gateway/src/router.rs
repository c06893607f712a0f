//! All routes, and the layers around them.

use std::sync::LazyLock;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use axum::{Extension, Router};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::http::access_log::access_log;
use crate::http::catch_panic::catch_panic;
use crate::http::compression::compression;
use crate::http::host_guard::host_guard;
use crate::http::timeouts::timeouts;
use crate::http::{origin, static_files, throttle};
use crate::openai::surface::surface;
use crate::openai::unsupported::{self, unsupported};
use crate::openapi::Document;
use crate::state::Gateway;
use crate::{admin, auth, costs, health, images, keys, live, mcp, openai, openapi, videos, webhooks};

/// Returns the API. Every route describes itself; the OpenAPI document is made of these routes.
pub(crate) fn api() -> OpenApiRouter<Gateway> {
    // Large responses without secrets: see `compression`.
    let compressed = OpenApiRouter::new()
        .routes(routes!(videos::models::models))
        .routes(routes!(videos::list::list))
        .routes(routes!(images::list, images::upload::upload).layer(DefaultBodyLimit::max(images::MAX_BODY)))
        .routes(routes!(admin::jobs::jobs))
        .routes(routes!(admin::users::users))
        .routes(routes!(admin::audit::audit))
        .routes(routes!(costs::report::usage))
        .routes(routes!(costs::report::costs))
        .routes(routes!(openapi::json))
        .layer(compression());
    let api = compressed
        .routes(routes!(videos::create::create))
        .routes(routes!(videos::read::read_job, videos::actions::delete))
        .routes(routes!(videos::attempts::attempts))
        .routes(routes!(videos::actions::cancel))
        .routes(routes!(videos::actions::retry))
        .routes(routes!(videos::actions::fetch))
        .routes(routes!(videos::read::read_video))
        .routes(routes!(videos::content::content))
        .routes(routes!(videos::content::poster))
        .routes(routes!(videos::file_links::linked_file))
        .routes(routes!(videos::shares::share, videos::shares::unshare))
        .routes(routes!(videos::shares::shared))
        .routes(routes!(videos::shares::shared_content))
        .routes(routes!(videos::shares::shared_poster))
        .routes(routes!(images::read, images::delete))
        .routes(routes!(images::content))
        .routes(routes!(costs::budgets::budgets))
        .routes(routes!(live::upgrade::upgrade))
        .routes(routes!(live::stream::all))
        .routes(routes!(live::stream::one))
        .routes(routes!(health::health))
        .merge(accounts())
        .merge(administration())
        .merge(compatible_api())
        .layer(from_fn(throttle::rate_limit_headers));
    api.routes(routes!(health::alive)).routes(routes!(health::ready))
}

/// Returns accounts with their sessions, keys and webhooks.
fn accounts() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(auth::handlers::register))
        .routes(routes!(auth::handlers::login))
        .routes(routes!(auth::handlers::logout))
        .routes(routes!(auth::handlers::me, auth::account::rename, auth::account::delete))
        .routes(routes!(auth::account::change_password))
        .routes(routes!(auth::export::export))
        .routes(routes!(auth::open_sessions::sessions, auth::open_sessions::end_other_sessions))
        .routes(routes!(auth::open_sessions::end_session))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::read, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries::send_test))
        .routes(routes!(webhooks::deliveries::deliveries))
        .routes(routes!(webhooks::deliveries::resend))
}

/// Returns administration, without its compressed lists.
fn administration() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(admin::statistics::statistics))
        .routes(routes!(admin::queue::queue, admin::queue::change_queue))
        .routes(routes!(admin::jobs::read_job))
        .routes(routes!(admin::jobs::retry_job))
        .routes(routes!(admin::attempts::add_result))
        .routes(routes!(admin::pools::pools))
        .routes(routes!(admin::pools::change_pool))
        .routes(routes!(admin::pools::change_upstream))
        .routes(routes!(admin::upstreams::upstreams))
        .routes(routes!(admin::upstreams::resume))
        .routes(routes!(admin::users::change_user))
}

/// Returns OpenAI's API.
fn compatible_api() -> OpenApiRouter<Gateway> {
    let create = routes!(openai::create::create, openai::read::list).layer(DefaultBodyLimit::max(images::MAX_BODY));
    OpenApiRouter::new()
        .routes(create)
        .routes(routes!(openai::read::read, openai::delete::delete))
        .routes(routes!(openai::content::content))
        .routes(routes!(openai::remix::remix))
        .routes(routes!(openai::models::list))
        .routes(routes!(openai::models::read))
        .layer(from_fn(surface))
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::render(&api().into_openapi()));

/// Returns the OpenAPI document of the API.
#[must_use]
pub fn document() -> &'static str {
    &DOCUMENT
}

/// Returns the router with all routes and layers.
pub(crate) fn router(gateway: Gateway) -> Router {
    let (api, _) = api().split_for_parts();
    let api = unsupported::PATHS.into_iter().fold(api, |api, path| api.route(path, any(unsupported)));
    Router::new()
        .route("/docs", get(openapi::page))
        .route("/docs/docs.js", get(openapi::script))
        .route("/docs/scalar.js", get(openapi::scalar))
        .route("/docs/API.md", get(openapi::api_guide))
        .route("/docs/live.md", get(openapi::live_guide))
        .route("/docs/webhooks.md", get(openapi::webhooks_guide))
        .route(mcp::PATH, any(mcp::serve))
        .merge(api)
        .fallback(static_files::serve)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(Extension(Document(document())))
        .layer(origin::cors(&gateway.config))
        .layer(from_fn_with_state(gateway.clone(), timeouts))
        .layer(from_fn_with_state(gateway.clone(), host_guard))
        .layer(catch_panic())
        .layer(from_fn_with_state(gateway.clone(), access_log))
        .with_state(gateway)
}
