//! The OpenAPI document matches the routes, what handlers accept, and the copy in `docs/`.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::test_server::{Account, TestServer, header};

fn document() -> Value {
    serde_json::from_str(gateway::document()).unwrap()
}

/// All operations: method, path, description.
fn calls() -> Vec<(Method, String, Value)> {
    let document = document();
    let of_path = |(path, methods): (&String, &Value)| {
        let calls = methods.as_object().unwrap().iter();
        let calls =
            calls.map(|(method, operation)| (method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        calls.collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}

fn resolved(reference: &Value) -> Value {
    match reference["$ref"].as_str() {
        Some(reference) => {
            document().pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} is missing")).clone()
        }
        None => reference.clone(),
    }
}

#[test]
fn the_copy_in_docs_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let copy = std::fs::read_to_string(path).unwrap_or_default();
    assert!(copy == gateway::document(), "run: cargo run -p gateway -- openapi >docs/openapi.json");
}

#[tokio::test]
async fn describes_every_method_of_a_route_and_no_other() {
    let server = TestServer::new().await;
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path, _) in calls() {
        described.entry(path).or_default().insert(method.to_string());
    }
    for (path, methods) in described {
        let mut routed = BTreeSet::new();
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let response = server.request(method.clone(), &concrete(&path)).send().await.unwrap();
            if response.status() != StatusCode::METHOD_NOT_ALLOWED {
                routed.insert(method.to_string());
            }
        }
        assert_eq!(routed, methods, "{path}");
    }
}

#[test]
fn references_resolve_and_operation_ids_are_unique() {
    let text = gateway::document();
    for reference in text.split("\"$ref\": \"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        resolved(&json!({"$ref": reference}));
    }
    let ids: Vec<_> = calls().into_iter().map(|(_, _, operation)| operation["operationId"].to_string()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

/// Fills the path's parameters with an id that does not exist.
fn concrete(path: &str) -> String {
    let unknown = entity::id::new_id::<entity::id::kind::Job>().to_string();
    let filled = |segment: &str| if segment.starts_with('{') { unknown.clone() } else { segment.to_owned() };
    path.split('/').map(filled).collect::<Vec<_>>().join("/")
}

async fn send(
    server: &TestServer,
    account: &Account,
    method: &Method,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let request = server.request(method.clone(), &concrete(path)).bearer_auth(&account.token).json(body);
    let response = request.send().await.unwrap();
    let status = response.status();
    // A stream does not end.
    let is_stream = header(&response, "content-type") == "text/event-stream";
    (status, if is_stream { Value::Null } else { response.json().await.unwrap_or_default() })
}

/// Returns the fields that were rejected, with their codes.
async fn wrong(
    server: &TestServer,
    account: &Account,
    method: &Method,
    path: &str,
    body: Value,
) -> BTreeSet<(String, String)> {
    let (status, problem) = send(server, account, method, path, &body).await;
    let errors = problem["errors"].as_array().filter(|_| status == StatusCode::UNPROCESSABLE_ENTITY);
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors.into_iter().flatten().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

#[tokio::test]
async fn handlers_accept_exactly_the_described_fields() {
    let server = TestServer::new().await;
    let admin = server.admin("admin@example.org").await;
    // The envelope below `/v1` names one field: `openai_errors` checks these.
    for (method, path, operation) in calls().into_iter().filter(|(_, path, _)| !path.starts_with("/v1/")) {
        let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else { continue };
        let schema = resolved(schema);
        assert_eq!(schema["additionalProperties"], json!(false), "{path}");
        let properties = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let coded = |code: &'static str| move |name: &str| (name.to_owned(), code.to_owned());
        let missing: BTreeSet<_> = required.iter().map(|name| coded("required")(name.as_str().unwrap())).collect();
        let mut with_unknown = missing.clone();
        with_unknown.insert(("nonsense".into(), "unknown_field".into()));
        assert_eq!(
            wrong(&server, &admin, &method, &path, json!({"nonsense": 1})).await,
            with_unknown,
            "{method} {path}"
        );
        let mistyped: Map<_, _> = properties.keys().map(|name| (name.clone(), json!({}))).collect();
        let all: BTreeSet<_> = properties.keys().map(|name| coded("wrong_type")(name)).collect();
        assert_eq!(wrong(&server, &admin, &method, &path, Value::Object(mistyped)).await, all, "{method} {path}");
    }
}

#[tokio::test]
async fn handlers_accept_the_examples_and_respond_as_described() {
    let server = TestServer::new().await;
    let admin = server.admin("admin@example.org").await;
    let late = ["/api/auth/me", "/api/auth/logout", "/api/auth/sessions"];
    let (last, first): (Vec<_>, Vec<_>) = calls().into_iter().partition(|(_, path, _)| late.contains(&path.as_str()));
    for (method, path, operation) in first.into_iter().chain(last) {
        let json_or_nothing =
            operation.pointer("/requestBody/content").is_none_or(|kinds| kinds.get("application/json").is_some());
        if !json_or_nothing {
            continue;
        }
        let body = operation.pointer("/requestBody/content/application~1json").cloned().unwrap_or_default();
        let example = body.get("example").cloned().or_else(|| resolved(&body["schema"]).get("example").cloned());
        let (status, answer) = send(&server, &admin, &method, &path, &example.unwrap_or(json!({}))).await;
        assert!(!matches!(status.as_u16(), 400 | 415 | 422 | 500..), "{method} {path}: {status} {answer}");
        let described = operation["responses"].as_object().unwrap();
        assert!(described.contains_key(status.as_str()), "{method} {path}: {status} is not described");
    }
}

#[tokio::test]
async fn enforces_the_access_that_is_described() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let status = async |method: &Method, path: &str, token: &str| {
        let request = server.request(method.clone(), &concrete(path)).json(&json!({}));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        request.send().await.unwrap().status()
    };
    for scope in ["read", "create"] {
        let new = server.post(&account, "/api/keys", json!({"name": scope, "scopes": [scope]})).await;
        let key = new.json::<Value>().await.unwrap()["key"].as_str().unwrap().to_owned();
        for (method, path, operation) in calls() {
            let security = operation["security"].as_array().unwrap();
            let anonymous = status(&method, &path, "").await;
            assert_eq!(anonymous == StatusCode::UNAUTHORIZED, !security.is_empty(), "{method} {path}: {anonymous}");
            let with_key = status(&method, &path, &key).await;
            let allowed = security.is_empty() || security.contains(&json!({"key": [scope]}));
            assert_eq!(with_key != StatusCode::FORBIDDEN, allowed, "{method} {path} with {scope}: {with_key}");
        }
    }
}

#[tokio::test]
async fn serves_the_reference_page_and_its_guides_under_a_strict_policy() {
    let server = TestServer::new().await;
    for (path, content_type, content) in [
        ("/docs", "text/html", "/docs/scalar.js"),
        ("/docs/docs.js", "text/javascript", "createApiReference"),
        ("/docs/live.md", "text/plain", "sora.v1"),
        ("/docs/API.md", "text/plain", "POST /api/videos"),
        ("/docs/webhooks.md", "text/plain", "webhook-signature"),
    ] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, "content-type").starts_with(content_type));
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(response.text().await.unwrap().contains(content), "{path}");
    }
    let served = server.request(Method::GET, "/api/openapi.json").send().await.unwrap();
    assert_eq!(served.text().await.unwrap(), gateway::document());
}

#[tokio::test]
async fn sends_scalar_compressed_and_only_once() {
    let server = TestServer::new().await;
    let get = |encodings: &str, known: &str| {
        let request = server.request(Method::GET, "/docs/scalar.js").header("accept-encoding", encodings);
        request.header("if-none-match", known).send()
    };
    let plain = get("identity", "").await.unwrap();
    let tag = header(&plain, "etag").to_owned();
    let size = plain.bytes().await.unwrap().len();
    let compressed = get("gzip, br", "").await.unwrap();
    assert_eq!(header(&compressed, "content-encoding"), "gzip");
    assert!(compressed.bytes().await.unwrap().len() * 3 < size);
    assert_eq!(get("gzip", &tag).await.unwrap().status(), StatusCode::NOT_MODIFIED);
}
