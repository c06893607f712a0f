//! The pools of a catalogue as administrators see and change them, and their limits in Redis.

use bus::Limits;
use entity::{id, upstream_control, worker};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use testkit::Database;

use crate::test_server::{Account, Setup, TestServer, problem};

const CATALOGUE: &str = r#"
[[upstream]]
name = "relay"
url = "https://relay.example/v1/videos?key=hidden"
concurrency = 2

[[upstream]]
name = "spare"
url = "https://spare.example/v1/videos"
concurrency = 3

[[upstream]]
name = "gpu"
url = "http://gpu.internal/v1/videos"

[[pool]]
name = "paid"
upstreams = ["relay", { name = "spare", priority = 2 }]

[[pool]]
name = "own"
upstreams = ["gpu"]

[[model]]
name = "sora-2"
pool = "paid"
seconds = [4]
sizes = ["1280x720"]

[[model]]
name = "wan"
pool = "own"
seconds = [5]
sizes = ["1280x720"]
"#;

async fn server(database: Database) -> (TestServer, Account) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CATALOGUE).unwrap();
    let variables = vec![("SORA_CATALOGUE", file.path().display().to_string())];
    let server = TestServer::with(database, Setup { variables, ..Setup::default() }).await;
    let admin = server.admin("admin@example.org").await;
    (server, admin)
}

async fn pools(server: &TestServer, admin: &Account) -> [Value; 2] {
    let response = server.get(admin, "/api/admin/pools").await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut pools: Value = response.json().await.unwrap();
    [pools["data"][0].take(), pools["data"][1].take()]
}

async fn patch(server: &TestServer, account: &Account, path: &str, body: Value) -> Response {
    server.request(Method::PATCH, path).bearer_auth(&account.token).json(&body).send().await.unwrap()
}

async fn limits(server: &TestServer, pool: &str) -> Limits {
    server.bus.queue(pool).limits().await.unwrap().unwrap()
}

#[tokio::test]
async fn says_how_pools_do_and_why_no_job_starts() {
    for database in Database::each().await {
        let (server, admin) = server(database).await;
        let [paid, own] = pools(&server, &admin).await;
        assert_eq!((&paid["blockedBy"], &own["blockedBy"]), (&json!("no_processor"), &json!("no_processor")));
        let ttl = std::time::Duration::from_secs(60);
        worker::register(&server.database.connection, id::new_id(), "host", ttl).await.unwrap();

        let [paid, own] = pools(&server, &admin).await;
        let relay = json!({
            "name": "relay", "address": "https://relay.example/v1/videos", "priority": 1, "status": "ok",
            "refusedAt": null, "paused": false, "inFlight": 0, "concurrency": 2, "catalogueConcurrency": 2,
            "completed": 0, "failed": 0, "medianSeconds": null, "lastErrors": [],
        });
        assert_eq!(paid["upstreams"][0], relay);
        assert_eq!(
            (&paid["models"], &paid["concurrency"], &paid["blockedBy"]),
            (&json!(["sora-2"]), &json!(5), &json!(null))
        );
        assert_eq!((&own["concurrency"], &own["upstreams"][0]["concurrency"]), (&json!(null), &json!(null)));

        let user = server.account("ada@example.org").await;
        for model in ["sora-2", "wan"] {
            let body = json!({"prompt": "a cat", "model": model});
            assert_eq!(server.post(&user, "/api/videos", body).await.status(), StatusCode::ACCEPTED);
        }
        let [paid, own] = pools(&server, &admin).await;
        assert_eq!((&paid["waiting"], &own["waiting"]), (&json!(1), &json!(1)), "each waits in its own queue");
    }
}

#[tokio::test]
async fn administrators_change_pools_and_upstreams_and_redis_follows() {
    for database in Database::each().await {
        let (server, admin) = server(database).await;
        let db = &server.database.connection;
        let changed = patch(&server, &admin, "/api/admin/upstreams/spare", json!({"concurrency": 9})).await;
        assert_eq!(changed.status(), StatusCode::NO_CONTENT);
        let before = limits(&server, "paid").await;
        assert_eq!((before.cap, before.paused), (11, false));
        let paused = patch(&server, &admin, "/api/admin/upstreams/relay", json!({"paused": true})).await;
        assert_eq!(paused.status(), StatusCode::NO_CONTENT);
        let after = limits(&server, "paid").await;
        assert_eq!((after.cap, after.paused), (9, false));
        assert!(after.version > before.version);
        let reset =
            patch(&server, &admin, "/api/admin/upstreams/spare", json!({"concurrency": null, "paused": true})).await;
        assert_eq!(reset.status(), StatusCode::NO_CONTENT);
        assert!(limits(&server, "paid").await.paused, "no upstream is left");
        assert!(!limits(&server, "own").await.paused);

        assert_eq!(patch(&server, &admin, "/api/admin/pools/own", json!({"paused": true})).await.status(), 204);
        assert!(limits(&server, "own").await.paused);
        let [paid, own] = pools(&server, &admin).await;
        assert_eq!((&own["paused"], &paid["upstreams"][0]["status"]), (&json!(true), &json!("paused")));
        assert_eq!((&own["concurrency"], &paid["concurrency"]), (&json!(null), &json!(0)));
        assert_eq!(patch(&server, &admin, "/api/admin/pools/own", json!({"paused": false})).await.status(), 204);
        assert!(!limits(&server, "own").await.paused);

        upstream_control::record_refusal(db, "gpu", "hash").await.unwrap();
        let [_, own] = pools(&server, &admin).await;
        assert_eq!(own["upstreams"][0]["status"], "key_refused");
        assert!(own["upstreams"][0]["refusedAt"].is_string());
        let body = json!({"upstream": "gpu"});
        assert_eq!(server.post(&admin, "/api/admin/upstreams/resume", body.clone()).await.status(), 204);
        problem(server.post(&admin, "/api/admin/upstreams/resume", body).await, 404, "not_found").await;
        let [_, own] = pools(&server, &admin).await;
        assert_eq!(own["upstreams"][0]["status"], "ok");

        let whole = patch(&server, &admin, "/api/admin/queue", json!({"paused": true})).await;
        assert_eq!(whole.status(), StatusCode::OK);
        assert!(limits(&server, "own").await.paused && limits(&server, "paid").await.paused);
        problem(patch(&server, &admin, "/api/admin/queue", json!({"concurrency": 5})).await, 422, "invalid_fields")
            .await;
        for (path, body) in [("upstreams/gone", json!({"paused": true})), ("pools/gone", json!({"paused": true}))] {
            problem(patch(&server, &admin, &format!("/api/admin/{path}"), body).await, 404, "not_found").await;
        }
        let user = server.account("ada@example.org").await;
        problem(server.get(&user, "/api/admin/pools").await, 403, "forbidden").await;
        problem(patch(&server, &user, "/api/admin/pools/own", json!({"paused": true})).await, 403, "forbidden").await;
    }
}
