//! The API's own description: an OpenAPI 3.1 document, and a page to try the calls.
//!
//! Schemas come from the types that handlers answer with, examples are values of these types, refusals follow from what a
//! call is like: who may make it, whether it takes a body or parameters. A test compares the calls with the router's
//! routes, the bodies with what handlers accept, and the document with `docs/openapi.json`.

mod accounts;
mod admin;
mod bodies;
mod call;
mod complete;
mod components;
mod error_responses;
mod errors;
mod page;
mod sample;
mod videos;

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::http::problem::Problem;
use crate::openapi::call::Call;
use crate::openapi::components::Components;

pub(crate) use page::{page, script, style};

const ABOUT: &str = "Turns prompts into videos through a Sora-compatible upstream. Times are RFC 3339 in UTC, ids are \
UUIDs, refusals are problem documents (RFC 9457) whose `code` is the contract. Programs send `Authorization: Bearer` with \
the token of a session or with an API key; pages send their session's cookie.";

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&written()).unwrap_or_default() + "\n");

/// The document as text.
#[must_use]
pub fn document() -> &'static str {
    &DOCUMENT
}

/// `GET /api/openapi.json`: the document.
pub(crate) async fn json() -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    ([kind, caching], document()).into_response()
}

fn written() -> Value {
    let (mut paths, mut components) = (Map::new(), Components::default());
    components.add_problem(&Problem::name(), Problem::schema());
    let calls = accounts::calls().into_iter().chain(videos::calls()).chain(admin::calls()).chain(server());
    for call in calls {
        let (path, method, operation) = call.written(&mut components);
        if let Value::Object(methods) = paths.entry(path).or_insert_with(|| json!({})) {
            methods.insert(method.to_owned(), operation);
        }
    }
    let mut components = components.written();
    let (described_paths, described_components) = complete::complete(&crate::router::described().into_openapi());
    merge(&mut paths, described_paths);
    for part in ["schemas", "responses"] {
        if let Some(all) = components[part].as_object_mut() {
            merge(all, described_components[part].clone());
        }
    }
    components["securitySchemes"] = security_schemes();
    let tag = |name: &str, about: &str| json!({"name": name, "description": about});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Video generation",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            tag("Account", "One's own account and where it is signed in"),
            tag("Keys", "What programs sign in with"),
            tag("Videos", "Asking for videos, following them, fetching them"),
            tag("Images", "Pictures that videos start from"),
            tag("Shares", "Links that show one video to whoever has them"),
            tag("Administration", "Steering the platform; for administrators alone"),
            tag("Server", "The server itself"),
        ],
        "paths": paths,
        "components": components,
    })
}

fn merge(into: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        into.extend(more);
    }
}

fn security_schemes() -> Value {
    json!({
        "session": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The token of a session, from register or login.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-session",
            "description": "A page's session; named `session` where the page is not served over https. Whatever changes \
                            something needs an `Origin` that is the server's.",
        },
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, `sk-…`, with the scope `read` or `create`.",
        },
    })
}

fn server() -> Vec<Call> {
    vec![
        Call::get("/livez", "isAlive", "Whether the process answers").answers(200, "It does.", &sample::alive()),
        Call::get("/readyz", "isReady", "Whether the process can keep what it promises")
            .about("Without Redis it can: whatever it accepts lies in the database.")
            .answers(200, "It can.", &sample::readiness("ready"))
            .answers(503, "The database is away, or has another schema.", &sample::readiness("unready")),
        Call::get("/api/openapi.json", "readDocument", "This document").answers_text(
            200,
            "The document.",
            "application/json",
        ),
    ]
}
