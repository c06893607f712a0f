//! Requests that OpenAI's SDKs repeat by themselves: each click is one job.

use futures::future::join_all;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::Database;

use crate::images::png;
use crate::openai::accepted;
use crate::test_server::{Account, Setup, TestServer, envelope, header};

fn attempt(server: &TestServer, account: &Account, count: &str) -> RequestBuilder {
    let request = server.request(Method::POST, "/v1/videos").bearer_auth(&account.token);
    request.header("x-stainless-retry-count", count)
}

async fn id(request: RequestBuilder) -> String {
    accepted(request.send().await.unwrap()).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_repetition_returns_the_same_job_however_it_is_encoded() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let body = json!({"prompt": "a cat", "seconds": "10"});
        let first = id(attempt(&server, &ada, "0").json(&body)).await;
        let again = attempt(&server, &ada, "1").json(&body).send().await.unwrap();
        assert_eq!(header(&again, "idempotency-replayed"), "true");
        assert_eq!(accepted(again).await["id"], json!(first));
        let form = Form::new().text("prompt", "a cat").text("seconds", "10");
        assert_eq!(id(attempt(&server, &ada, "2").multipart(form)).await, first);
        for other in [json!({"prompt": "a dog", "seconds": "10"}), json!({"prompt": "a cat", "seconds": "15"})] {
            assert_ne!(id(attempt(&server, &ada, "1").json(&other)).await, first);
        }
        assert_ne!(id(attempt(&server, &eve, "1").json(&body)).await, first, "others' requests do not count");
    }
}

#[tokio::test]
async fn two_clicks_are_two_jobs() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let body = json!({"prompt": "a cat"});
        let first = id(attempt(&server, &ada, "0").json(&body)).await;
        let second = id(attempt(&server, &ada, "0").json(&body)).await;
        assert_ne!(first, second);
        assert_eq!(id(attempt(&server, &ada, "1").json(&body)).await, second);
        for count in ["", "-1", "many"] {
            id(attempt(&server, &ada, count).json(&body)).await;
        }
        assert_eq!(server.jobs_in_database().await, 5, "a malformed count says nothing");
    }
}

#[tokio::test]
async fn repetitions_at_the_same_instant_at_two_gateways_are_one_job() {
    for database in Database::each().await {
        let shared = database.shared();
        let first = TestServer::with(database, Setup::default()).await;
        let second = TestServer::with(shared, Setup::default()).await;
        let ada = first.account("ada@example.org").await;
        for round in 0..5 {
            let body = json!({"prompt": format!("a cat {round}")});
            let servers = [&first, &second, &first, &second, &first, &second];
            let ids = join_all(servers.map(|server| id(attempt(server, &ada, "1").json(&body)))).await;
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            assert_eq!(first.jobs_in_database().await, round + 1);
        }
        drop(second);
    }
}

#[tokio::test]
async fn repeats_a_request_with_a_file_without_storing_it_again() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let send = |count: &str, width: u32| {
            let file = Part::bytes(png(width, 9)).file_name("a.png");
            attempt(&server, &ada, count).multipart(Form::new().text("prompt", "a").part("input_reference", file))
        };
        let first = id(send("0", 16)).await;
        assert_eq!(id(send("1", 16)).await, first);
        assert_ne!(id(send("1", 17)).await, first, "another file is another request");
        let images: Value = server.get(&ada, "/api/images").await.json().await.unwrap();
        assert_eq!(images["data"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn honours_the_clients_idempotency_key() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let keyed = |count: &str, prompt: &str| {
            attempt(&server, &ada, count).header("idempotency-key", "k").json(&json!({"prompt": prompt}))
        };
        let first = id(keyed("0", "a cat")).await;
        assert_eq!(id(keyed("0", "a cat")).await, first);
        assert_eq!(id(keyed("1", "a cat")).await, first);
        envelope(keyed("1", "a dog").send().await.unwrap(), 400, "idempotency_key_reused").await;
        let long = attempt(&server, &ada, "0").header("idempotency-key", "k".repeat(256)).json(&json!({"prompt": "x"}));
        let refused = envelope(long.send().await.unwrap(), 400, "invalid_characters").await;
        assert_eq!(refused["param"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn a_refused_request_is_not_remembered() {
    let variables = vec![("MAX_WAITING_PER_USER", "1".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let ada = server.account("ada@example.org").await;
    let first = id(attempt(&server, &ada, "0").json(&json!({"prompt": "a cat"}))).await;
    let other = json!({"prompt": "a dog"});
    for count in ["0", "1"] {
        envelope(attempt(&server, &ada, count).json(&other).send().await.unwrap(), 429, "too_many_waiting").await;
    }
    let again = id(attempt(&server, &ada, "1").json(&json!({"prompt": "a cat"}))).await;
    assert_eq!(again, first, "asking again is not asking for more");
    server.claim(&first).await;
    assert_ne!(id(attempt(&server, &ada, "2").json(&other)).await, first);
}

#[tokio::test]
async fn repeats_a_remix_once() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let sources = [id(attempt(&server, &ada, "0").json(&json!({"prompt": "a"}))).await, {
            id(attempt(&server, &ada, "0").json(&json!({"prompt": "b"}))).await
        }];
        let remix = |source: &str, count: &str| {
            let request = server.request(Method::POST, &format!("/v1/videos/{source}/remix")).bearer_auth(&ada.token);
            id(request.header("x-stainless-retry-count", count).json(&json!({"prompt": "c"})))
        };
        let first = remix(&sources[0], "0").await;
        assert_eq!(remix(&sources[0], "1").await, first);
        assert_ne!(remix(&sources[1], "1").await, first);
    }
}
