//! Webhook endpoints and their deliveries through the API.

use entity::webhook_delivery::{self as delivery, AttemptResult, NextStep};
use entity::webhook_endpoint as endpoint;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::Database;

use crate::keys::key;
use crate::test_server::{Account, Setup, TestServer, parse_id, problem};

const URL: &str = "https://example.org/hook";

impl TestServer {
    async fn webhook(&self, account: &Account) -> Value {
        let made = self.post(account, "/api/webhooks", json!({"url": URL})).await;
        assert_eq!(made.status(), StatusCode::CREATED);
        made.json().await.unwrap()
    }

    async fn json(&self, account: &Account, path: &str) -> Value {
        let response = self.get(account, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    async fn patch(&self, account: &Account, path: &str, body: Value) -> reqwest::Response {
        self.request(Method::PATCH, path).bearer_auth(&account.token).json(&body).send().await.unwrap()
    }
}

fn path(webhook: &Value) -> String {
    format!("/api/webhooks/{}", webhook["id"].as_str().unwrap())
}

#[tokio::test]
async fn creates_reads_changes_and_deletes_and_shows_the_secret_once() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let made = server.webhook(&ada).await;
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        let all = json!(["video.completed", "video.failed", "video.cancelled"]);
        assert_eq!((&made["name"], &made["events"], &made["enabled"]), (&json!("example.org"), &all, &json!(true)));
        let read = server.json(&ada, &path(&made)).await;
        assert!(read.get("secret").is_none());
        assert_eq!(server.json(&ada, "/api/webhooks").await["data"], json!([read]));

        let changes = json!({"name": "CI", "events": ["video.failed"], "enabled": false, "url": "https://b.example"});
        let changed: Value = server.patch(&ada, &path(&made), changes).await.json().await.unwrap();
        let expected = (json!("CI"), json!(["video.failed"]), json!(false), json!("https://b.example/"));
        let [name, events, enabled, url] = ["name", "events", "enabled", "url"].map(|field| changed[field].clone());
        assert_eq!((name, events, enabled, url), expected);
        let same: Value = server.patch(&ada, &path(&made), json!({})).await.json().await.unwrap();
        assert_eq!(same, changed);

        assert_eq!(server.delete(&ada, &path(&made)).await.status(), StatusCode::NO_CONTENT);
        problem(server.get(&ada, &path(&made)).await, 404, "not_found").await;
        problem(server.delete(&ada, &path(&made)).await, 404, "not_found").await;
    }
}

#[tokio::test]
async fn rejects_addresses_that_are_not_public() {
    let setup = Setup { variables: vec![("WEBHOOK_ALLOW", "ci.internal:8080".into())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let ada = server.account("ada@example.org").await;
    for (url, code) in [
        ("http://127.0.0.1:3000/", "forbidden_address"),
        ("https://127.0.0.1/", "forbidden_address"),
        ("https://[::ffff:10.0.0.1]/", "forbidden_address"),
        ("https://2130706433/", "forbidden_address"),
        ("https://169.254.169.254/latest/meta-data", "forbidden_address"),
        ("http://example.org/", "forbidden_address"),
        ("http://ci.internal/", "forbidden_address"),
        ("ftp://example.org/", "invalid_url"),
        ("https://user:password@example.org/", "invalid_url"),
        ("example.org", "invalid_url"),
        ("", "invalid_url"),
        (&format!("https://example.org/{}", "x".repeat(2_000)), "too_long"),
    ] {
        let problem =
            problem(server.post(&ada, "/api/webhooks", json!({"url": url})).await, 422, "invalid_fields").await;
        assert_eq!(problem["errors"][0]["code"], code, "{url}");
    }
    let allowed = server.post(&ada, "/api/webhooks", json!({"url": "http://ci.internal:8080/x"})).await;
    assert_eq!(allowed.status(), StatusCode::CREATED);
    for body in [json!({"url": URL, "events": []}), json!({"url": URL, "events": ["video.started"]})] {
        problem(server.post(&ada, "/api/webhooks", body).await, 422, "invalid_fields").await;
    }
}

#[tokio::test]
async fn limits_a_user_to_ten() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let create = async || server.post(&ada, "/api/webhooks", json!({"url": URL})).await;
        let made = futures::future::join_all((0..14).map(|_| create())).await;
        assert_eq!(made.iter().filter(|response| response.status() == StatusCode::CREATED).count(), 10);
        problem(create().await, 409, "wrong_state").await;
        server.webhook(&eve).await;
    }
}

#[tokio::test]
async fn a_rotated_secret_is_new_and_the_old_one_signs_for_a_day() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let made = server.webhook(&ada).await;
        let rotated: Value =
            server.post(&ada, &format!("{}/rotate", path(&made)), json!({})).await.json().await.unwrap();
        assert_ne!(rotated["secret"], made["secret"]);
        let until = entity::clock::parse_rfc3339(rotated["previousSecretUntil"].as_str().unwrap()).unwrap();
        assert!((until - entity::clock::system_ms() - 86_400_000).abs() < 120_000);
        let row =
            endpoint::find(&server.database.connection, parse_id(made["id"].as_str().unwrap()), parse_id(&ada.id));
        let row = row.await.unwrap().unwrap();
        let secrets: Vec<_> = row.secrets(entity::clock::system_ms()).map(|secret| json!(secret)).collect();
        assert_eq!(secrets, [rotated["secret"].clone(), made["secret"].clone()]);
    }
}

#[tokio::test]
async fn lists_deliveries_page_by_page_and_sends_them_again() {
    for server in TestServer::each().await {
        let (ada, db) = (server.account("ada@example.org").await, &server.database.connection);
        let made = server.webhook(&ada).await;
        let deliveries = format!("{}/deliveries", path(&made));
        for _ in 0..3 {
            let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
            let cancelled = server.post(&ada, &format!("/api/videos/jobs/{job}/cancel"), json!({})).await;
            assert_eq!(cancelled.status(), StatusCode::OK);
        }
        let first = server.json(&ada, &format!("{deliveries}?limit=2")).await;
        let rest = format!("{deliveries}?limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
        let rest = server.json(&ada, &rest).await;
        assert_eq!((first["data"].as_array().unwrap().len(), rest["data"].as_array().unwrap().len()), (2, 1));
        assert_eq!((&rest["nextCursor"], &rest["data"][0]["eventType"]), (&json!(null), &json!("video.cancelled")));
        assert!(rest["data"][0]["eventId"].as_str().unwrap().starts_with("evt_"));

        let hook = parse_id(made["id"].as_str().unwrap());
        let claimed = delivery::claim(db, hook, 1, Duration::from_secs(60)).await.unwrap().remove(0);
        let result = AttemptResult { error: Some("status 500".into()), ..AttemptResult::default() };
        delivery::record(db, &claimed, result, NextStep::GiveUp).await.unwrap();
        let failed = server.json(&ada, &format!("{deliveries}?status=failed")).await;
        assert_eq!(
            (&failed["data"][0]["id"], failed["data"][0]["error"].as_str()),
            (&json!(claimed.id), Some("status 500"))
        );
        let resend = format!("{deliveries}/{}/resend", claimed.id);
        let again = server.post(&ada, &resend, json!({})).await;
        assert_eq!(again.status(), StatusCode::ACCEPTED);
        assert_eq!(again.json::<Value>().await.unwrap()["status"], "pending");
        let unknown = format!("{deliveries}/{}/resend", made["id"].as_str().unwrap());
        problem(server.post(&ada, &unknown, json!({})).await, 404, "not_found").await;

        server.patch(&ada, &path(&made), json!({"enabled": false})).await;
        problem(server.post(&ada, &resend, json!({})).await, 409, "wrong_state").await;
        problem(server.post(&ada, &format!("{}/test", path(&made)), json!({})).await, 409, "wrong_state").await;
        let export = server.json(&ada, "/api/auth/export").await;
        assert_eq!(export["webhooks"][0]["id"], made["id"]);
        assert_eq!(export["webhookDeliveries"].as_array().unwrap().len(), 3);
        assert!(!export.to_string().contains("whsec_"));
    }
}

#[tokio::test]
async fn a_test_event_is_a_delivery_without_a_job() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let made = server.webhook(&ada).await;
    let test = format!("{}/test", path(&made));
    for (body, kind) in [(json!({}), "video.completed"), (json!({"event": "video.failed"}), "video.failed")] {
        let sent = server.post(&ada, &test, body).await;
        assert_eq!(sent.status(), StatusCode::ACCEPTED);
        let sent: Value = sent.json().await.unwrap();
        assert_eq!(
            (&sent["eventType"], &sent["jobId"], &sent["status"]),
            (&json!(kind), &json!(null), &json!("pending"))
        );
    }
    problem(server.post(&ada, &test, json!({"event": "x"})).await, 422, "invalid_fields").await;
}

#[tokio::test]
async fn keys_read_webhooks_and_never_change_them() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let made = server.webhook(&ada).await;
    let (_, all) = key(&server, &ada, &["read", "create"]).await;
    server.json(&all, &path(&made)).await;
    server.json(&all, &format!("{}/deliveries", path(&made))).await;
    problem(server.post(&all, "/api/webhooks", json!({"url": URL})).await, 403, "insufficient_scope").await;
    problem(server.post(&all, &format!("{}/rotate", path(&made)), json!({})).await, 403, "insufficient_scope").await;
    problem(server.delete(&all, &path(&made)).await, 403, "insufficient_scope").await;
}

#[tokio::test]
async fn other_users_have_no_access() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let made = server.webhook(&ada).await;
        let test = server.post(&ada, &format!("{}/test", path(&made)), json!({})).await.json::<Value>().await.unwrap();
        let resend = format!("/deliveries/{}/resend", test["id"].as_str().unwrap());
        for call in ["/rotate", "/test", &resend] {
            problem(server.post(&eve, &format!("{}{call}", path(&made)), json!({})).await, 404, "not_found").await;
        }
        let own = server.webhook(&eve).await;
        problem(server.post(&eve, &format!("{}{resend}", path(&own)), json!({})).await, 404, "not_found").await;
    }
}
