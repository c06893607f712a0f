//! Idempotency keys, several jobs per request, sizes, daily limits and attempts.

use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::test_server::{Account, Setup, TestServer, header, problem};

async fn submit(server: &TestServer, account: &Account, key: &str, body: Value) -> Response {
    let request = server.request(Method::POST, "/api/videos").bearer_auth(&account.token);
    request.header("idempotency-key", key).json(&body).send().await.unwrap()
}

async fn ids(response: Response) -> Vec<String> {
    let body: Value = response.json().await.unwrap();
    body["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn replays_the_job_of_a_repeated_key() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let body = || json!({"prompt": "a cat", "count": 3});
        let answers = join_all((0..8).map(|_| submit(&server, &account, "k-1", body()))).await;
        let replayed = answers.iter().filter(|answer| answer.headers().contains_key("idempotency-replayed")).count();
        assert_eq!(replayed, 7);
        let mut given = Vec::new();
        for answer in answers {
            assert_eq!(answer.status(), StatusCode::ACCEPTED);
            given.push(ids(answer).await);
        }
        assert_eq!(given[0].len(), 3);
        assert!(given.iter().all(|ids| *ids == given[0]), "{given:?}");
        assert_eq!(server.jobs_in_database().await, 3);

        problem(submit(&server, &account, "k-1", json!({"prompt": "a dog"})).await, 422, "idempotency_key_reused")
            .await;
        problem(submit(&server, &account, &"k".repeat(256), body()).await, 422, "invalid_fields").await;
        let other = server.account("bob@example.org").await;
        assert_ne!(ids(submit(&server, &other, "k-1", body()).await).await, given[0]);
    }
}

#[tokio::test]
async fn returns_410_for_a_key_whose_jobs_were_deleted() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let id = ids(submit(&server, &account, "k", json!({"prompt": "a cat"})).await).await.remove(0);
    let path = format!("/api/videos/jobs/{id}");
    server.post(&account, &format!("{path}/cancel"), json!({})).await;
    let gone = server.request(Method::DELETE, &path).bearer_auth(&account.token).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    problem(submit(&server, &account, "k", json!({"prompt": "a cat"})).await, 410, "gone").await;
}

#[tokio::test]
async fn restarts_a_job_once_per_key() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let id = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let post = async |what: &str| {
        let request = server.request(Method::POST, &format!("/api/videos/jobs/{id}/{what}"));
        request.bearer_auth(&account.token).header("idempotency-key", "again").send().await.unwrap()
    };
    post("cancel").await;
    assert_eq!(post("retry").await.status(), StatusCode::ACCEPTED);
    post("cancel").await;
    let again: Value = post("retry").await.json().await.unwrap();
    assert_eq!(again["status"], "cancelled", "the key was used before");
}

#[tokio::test]
async fn accepts_only_listed_sizes_of_the_orientation() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = async |body: Value| {
        let body: Value = server.post(&account, "/api/videos", body).await.json().await.unwrap();
        (body["job"]["orientation"].clone(), body["job"]["size"].clone())
    };
    assert_eq!(job(json!({"prompt": "x"})).await, (json!("landscape"), json!("1280x720")));
    assert_eq!(job(json!({"prompt": "x", "orientation": "portrait"})).await, (json!("portrait"), json!("720x1280")));
    assert_eq!(job(json!({"prompt": "x", "size": "720x1280"})).await, (json!("portrait"), json!("720x1280")));
    for wrong in [
        json!({"prompt": "x", "size": "1x1"}),
        json!({"prompt": "x", "size": "720x1280", "orientation": "landscape"}),
        json!({"prompt": "x", "count": 0}),
        json!({"prompt": "x", "count": 5}),
        json!({"prompt": "x", "remixOf": "nothing"}),
    ] {
        problem(server.post(&account, "/api/videos", wrong).await, 422, "invalid_fields").await;
    }
}

#[tokio::test]
async fn remixes_only_own_jobs() {
    let server = TestServer::new().await;
    let (ada, bob) = (server.account("ada@example.org").await, server.account("bob@example.org").await);
    let id = server.job(&ada, "a cat").await["id"].clone();
    let remix = || json!({"prompt": "a dog", "remixOf": id});
    let made: Value = server.post(&ada, "/api/videos", remix()).await.json().await.unwrap();
    assert_eq!(made["job"]["remixOf"], id);
    let refused = problem(server.post(&bob, "/api/videos", remix()).await, 422, "invalid_fields").await;
    assert_eq!(refused["errors"][0]["field"], "remixOf");
}

#[tokio::test]
async fn rejects_jobs_beyond_the_daily_limit() {
    let setup = Setup { variables: vec![("DAILY_SUBMISSIONS_PER_USER", "3".into())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let account = server.account("ada@example.org").await;
    let body = || json!({"prompt": "a cat", "count": 3});
    let first = ids(submit(&server, &account, "k", body()).await).await;
    let refused = server.post(&account, "/api/videos", json!({"prompt": "a dog"})).await;
    assert!(header(&refused, "retry-after").parse::<u64>().unwrap() <= 86_401);
    problem(refused, 429, "daily_submissions").await;
    assert_eq!(ids(submit(&server, &account, "k", body()).await).await, first, "asking again is not asking for more");
}

#[tokio::test]
async fn shows_attempts_to_the_owner_without_admin_details() {
    let server = TestServer::new().await;
    let (ada, bob) = (server.account("ada@example.org").await, server.account("bob@example.org").await);
    let id = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/videos/jobs/{id}/attempts");
    let read = async || server.get(&ada, &path).await.json::<Value>().await.unwrap();
    assert_eq!(read().await, json!({"data": []}));
    server.attempted(&id, "video_1").await;
    let shown = read().await;
    let attempt = &shown["data"][0];
    assert_eq!((&attempt["number"], &attempt["outcome"]), (&json!(1), &json!("unknown")));
    assert_eq!(attempt["mayHaveBeenCharged"], true);
    assert!(!shown.to_string().contains("video_1") && !shown.to_string().contains("up.example"), "{shown}");
    problem(server.get(&bob, &path).await, 404, "not_found").await;
}
