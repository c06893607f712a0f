//! The OpenAPI 3.1 document of the API, and the page that shows it.
//!
//! The document is made of the router: a route cannot exist without its description, which stands at its handler. A test
//! compares it with what handlers accept and return, and with the copy in `docs/openapi.json`.

mod complete;
mod errors;
mod page;

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

pub(crate) use page::{api_guide, live_guide, page, scalar, script, webhooks_guide};

const ABOUT: &str = "Generates videos from prompts through a Sora-compatible upstream. Times are RFC 3339 in UTC, ids are \
UUIDs. Errors are problem documents (RFC 9457); their `code` is the contract. Programs send `Authorization: Bearer` with \
the token of a session or an API key; pages send their session cookie.\n\nGuides: [the API by example](/docs/API.md), [live \
updates](/docs/live.md), [webhooks](/docs/webhooks.md).";

/// The document, as the router provides it to [`json`].
#[derive(Clone, Copy)]
pub(crate) struct Document(pub(crate) &'static str);

/// Writes the document of these routes.
pub(crate) fn render(api: &OpenApi) -> String {
    serde_json::to_string_pretty(&build(api)).unwrap_or_default() + "\n"
}

/// Get this document
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "readDocument", tag = "Server",
    responses((status = 200, description = "The document.", body = inline(Value), content_type = "application/json")),
)]
pub(crate) async fn json(Extension(Document(document)): Extension<Document>) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    ([content_type, caching], document).into_response()
}

fn build(api: &OpenApi) -> Value {
    let (paths, mut components) = complete::complete(api);
    components["securitySchemes"] = security_schemes();
    let tag = |name: &str, about: &str| json!({"name": name, "description": about});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sora Video Generation Platform",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            tag("Account", "The caller's account and its sessions"),
            tag("Keys", "API keys for programs"),
            tag("Videos", "Create, follow and download videos"),
            tag("OpenAI-compatible", "OpenAI's Videos API: its SDKs work with this server's address below `/v1` and an API key"),
            tag("Webhooks", "Addresses that are called when jobs end"),
            tag("Live", "Follow jobs over a websocket"),
            tag("Images", "Images that videos start from"),
            tag("Shares", "Links that show one video to anyone who has them"),
            tag("Administration", "For administrators"),
            tag("Server", "The server itself"),
        ],
        "paths": paths,
        "components": components,
    })
}

fn security_schemes() -> Value {
    json!({
        "session": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Token of a session, returned by register and login.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-session",
            "description": "Session of a page; the name is `session` where the page is not served over https. Requests that \
                            change something need an `Origin` that the server allows.",
        },
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, `sk-…`, with the scope `read` or `create`.",
        },
    })
}
