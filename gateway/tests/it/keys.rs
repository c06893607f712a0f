//! API keys: creation, scopes, revocation.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::eventually;

use crate::test_server::{Account, TestServer, problem};

/// Creates a key, and an account that uses it as its token.
pub(crate) async fn key(server: &TestServer, account: &Account, scopes: &[&str]) -> (String, Account) {
    let made = server.post(account, "/api/keys", json!({"name": "ci", "scopes": scopes})).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    assert!(text("key").starts_with("sk-") && text("key").len() == 67, "{made}");
    (text("id"), Account { id: account.id.clone(), token: text("key") })
}

#[tokio::test]
async fn a_key_allows_only_its_scopes() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (_, reader) = key(&server, &ada, &["read"]).await;
        let (_, creator) = key(&server, &ada, &["create"]).await;
        let job = server.job(&creator, "a cat").await["id"].as_str().unwrap().to_owned();
        let path = format!("/api/videos/jobs/{job}");
        assert_eq!(server.get(&reader, &path).await.status(), StatusCode::OK);
        assert_eq!(server.get(&reader, "/api/models").await.status(), StatusCode::OK);
        problem(server.get(&creator, &path).await, 403, "insufficient_scope").await;
        let create = server.post(&reader, "/api/videos", json!({"prompt": "a cat"})).await;
        problem(create, 403, "insufficient_scope").await;
        let cancel = server.post(&reader, &format!("{path}/cancel"), json!({})).await;
        problem(cancel, 403, "insufficient_scope").await;
        assert_eq!(server.post(&creator, &format!("{path}/cancel"), json!({})).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_key_has_no_access_to_accounts_keys_or_administration() {
    let server = TestServer::new().await;
    let admin = server.admin("admin@example.org").await;
    let (id, all) = key(&server, &admin, &["read", "create"]).await;
    for (method, path) in [
        (Method::GET, "/api/auth/me"),
        (Method::PATCH, "/api/auth/me"),
        (Method::DELETE, "/api/auth/me"),
        (Method::POST, "/api/auth/logout"),
        (Method::POST, "/api/auth/password"),
        (Method::GET, "/api/auth/export"),
        (Method::GET, "/api/auth/sessions"),
        (Method::DELETE, "/api/auth/sessions"),
        (Method::GET, "/api/keys"),
        (Method::POST, "/api/keys"),
        (Method::DELETE, &*format!("/api/keys/{id}")),
        (Method::GET, "/api/admin/stats"),
        (Method::PATCH, "/api/admin/queue"),
        (Method::GET, "/api/admin/users"),
    ] {
        let request = server.request(method, path).bearer_auth(&all.token).json(&json!({}));
        problem(request.send().await.unwrap(), 403, "insufficient_scope").await;
    }
    let cookie = server.request(Method::GET, "/api/models").header("cookie", format!("session={}", all.token));
    problem(cookie.send().await.unwrap(), 401, "unauthenticated").await;
}

#[tokio::test]
async fn shows_a_key_once_and_records_its_use() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (id, reader) = key(&server, &ada, &["read"]).await;
        let listed = async || server.get(&ada, "/api/keys").await.json::<Value>().await.unwrap()["data"][0].take();
        let shown = listed().await;
        assert_eq!(
            (&shown["id"], &shown["scopes"], &shown["lastUsedAt"]),
            (&json!(id), &json!(["read"]), &json!(null))
        );
        assert!(shown.get("key").is_none() && shown.get("hash").is_none(), "{shown}");
        server.get(&reader, "/api/models").await;
        eventually("the use of the key is recorded", async || listed().await["lastUsedAt"].is_string().then_some(()))
            .await;
    }
}

#[tokio::test]
async fn a_revoked_key_stops_working_immediately() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let (id, reader) = key(&server, &ada, &["read"]).await;
        assert_eq!(server.get(&reader, "/api/models").await.status(), StatusCode::OK);
        let path = format!("/api/keys/{id}");
        problem(server.delete(&eve, &path).await, 404, "not_found").await;
        assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
        problem(server.delete(&ada, &path).await, 404, "not_found").await;
        problem(server.get(&reader, "/api/models").await, 401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn requires_a_name_and_known_scopes() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    for (body, field, code) in [
        (json!({"scopes": ["read"]}), "name", "required"),
        (json!({"name": " ", "scopes": ["read"]}), "name", "blank"),
        (json!({"name": "x".repeat(101), "scopes": ["read"]}), "name", "too_long"),
        (json!({"name": "ci"}), "scopes", "required"),
        (json!({"name": "ci", "scopes": []}), "scopes", "blank"),
        (json!({"name": "ci", "scopes": "read"}), "scopes", "wrong_type"),
        (json!({"name": "ci", "scopes": ["admin"]}), "scopes", "unknown_value"),
        (json!({"name": "ci", "scopes": ["read", "read"]}), "scopes", "duplicate"),
        (json!({"name": "a\u{202e}b", "scopes": ["read"]}), "name", "invalid_characters"),
        (json!({"name": "ci", "scopes": [1]}), "scopes", "unknown_value"),
    ] {
        let problem = problem(server.post(&ada, "/api/keys", body).await, 422, "invalid_fields").await;
        assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["code"]), (&json!(field), &json!(code)));
    }
}

#[tokio::test]
async fn limits_a_user_to_fifty_keys() {
    let server = TestServer::new().await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    for _ in 0..50 {
        key(&server, &ada, &["read"]).await;
    }
    let one_more = async || server.post(&ada, "/api/keys", json!({"name": "ci", "scopes": ["read"]})).await;
    problem(one_more().await, 409, "wrong_state").await;
    key(&server, &eve, &["read"]).await;
    let keys: Value = server.get(&ada, "/api/keys").await.json().await.unwrap();
    let path = format!("/api/keys/{}", keys["data"][0]["id"].as_str().unwrap());
    assert_eq!(server.delete(&ada, &path).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(one_more().await.status(), StatusCode::CREATED);
}
