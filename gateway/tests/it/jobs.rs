//! Creating a job and polling it.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use testkit::Database;

use crate::test_server::{Setup, TestServer, header, problem};

#[tokio::test]
async fn accepts_enqueues_and_returns_a_job() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let body = json!({"prompt": "a cat", "orientation": "portrait", "seconds": 15, "model": "sora2"});
        let response = server.post(&account, "/api/videos", body).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let location = header(&response, "location").to_owned();
        let body: Value = response.json().await.unwrap();
        let job = &body["job"];
        let id = job["id"].as_str().unwrap();
        assert_eq!(location, format!("/api/videos/jobs/{id}"));
        assert_eq!(body["message"], "Video generation started");
        assert_eq!(body["jobs"], json!([job]));
        for (name, value) in [
            ("status", json!("pending")),
            ("phase", json!(null)),
            ("progress", json!(0)),
            ("seq", json!(1)),
            ("prompt", json!("a cat")),
            ("orientation", json!("portrait")),
            ("seconds", json!(15)),
            ("model", json!("sora2")),
            ("videoId", json!(null)),
            ("queuePosition", json!(1)),
            ("mayHaveBeenCharged", json!(false)),
        ] {
            assert_eq!(job[name], value, "{name}");
        }
        assert_eq!(server.get(&account, &location).await.json::<Value>().await.unwrap(), *job);
        assert!(server.is_enqueued(id).await);
    }
}

#[tokio::test]
async fn returns_prompts_unchanged() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let prompts = testkit::prompts();
        assert!(prompts.len() >= 50);
        for asked in &prompts {
            let body = json!({"prompt": asked.prompt, "orientation": asked.orientation});
            let response = server.post(&account, "/api/videos", body).await;
            assert_eq!(response.status(), StatusCode::ACCEPTED, "{}", asked.kind);
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["job"]["prompt"].as_str(), Some(&*asked.prompt), "{}", asked.kind);
            let path = format!("/api/videos/jobs/{}", body["job"]["id"].as_str().unwrap());
            let job: Value = server.get(&account, &path).await.json().await.unwrap();
            assert_eq!(job["prompt"].as_str(), Some(&*asked.prompt), "{}", asked.kind);
            assert_eq!(job["orientation"].as_str(), Some(&*asked.orientation));
        }
        let list: Value = server.get(&account, "/api/videos/jobs?limit=100").await.json().await.unwrap();
        let listed = list["data"].as_array().unwrap().iter().rev().map(|job| job["prompt"].as_str().unwrap());
        assert!(listed.eq(prompts.iter().map(|asked| asked.prompt.as_str())));
    }
}

#[tokio::test]
async fn sends_etag_and_retry_after_for_an_unfinished_job() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let first = server.job(&account, "first").await["id"].as_str().unwrap().to_owned();
    let second = server.job(&account, "second").await["id"].as_str().unwrap().to_owned();
    let path = format!("/api/videos/jobs/{second}");
    let response = server.get(&account, &path).await;
    assert_eq!((header(&response, "etag"), header(&response, "retry-after")), ("\"1-2\"", "2"));
    assert_eq!(header(&response, "cache-control"), "private, no-cache");

    let again = || server.request(Method::GET, &path).bearer_auth(&account.token).header("if-none-match", "\"1-2\"");
    let unchanged = again().send().await.unwrap();
    assert_eq!((unchanged.status(), header(&unchanged, "retry-after")), (StatusCode::NOT_MODIFIED, "2"));
    assert_eq!(unchanged.text().await.unwrap(), "");
    // The queue position changes without a new seq.
    server.queue().remove(first.parse::<entity::JobId>().unwrap()).await.unwrap();
    let moved = again().send().await.unwrap();
    assert_eq!((moved.status(), header(&moved, "etag")), (StatusCode::OK, "\"1-1\""));

    server.completed(&second, b"video").await;
    let done = server.get(&account, &path).await;
    assert_eq!((header(&done, "etag"), header(&done, "retry-after")), ("\"3-\"", ""));
    let done: Value = done.json().await.unwrap();
    assert_eq!((done["status"].as_str(), done["progress"].as_i64()), (Some("completed"), Some(100)));
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_jobs_while_new_ones_arrive() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let mut asked = Vec::new();
        for number in 0..5 {
            asked.push(server.job(&account, &format!("job {number}")).await["id"].clone());
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let response = server.get(&account, &format!("/api/videos/jobs?limit=2&cursor={cursor}")).await;
            assert_eq!(header(&response, "cache-control"), "no-store");
            let page: Value = response.json().await.unwrap();
            seen.extend(page["data"].as_array().unwrap().iter().map(|job| job["id"].clone()));
            server.job(&account, "a newcomer").await;
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.into(),
                None => break,
            }
        }
        asked.reverse();
        assert_eq!(seen, asked);
    }
}

#[tokio::test]
async fn filters_the_list_by_status() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let done = server.job(&account, "done").await["id"].as_str().unwrap().to_owned();
        let waiting = server.job(&account, "waiting").await["id"].clone();
        server.completed(&done, b"video").await;
        for (status, expected) in [("completed", json!([done])), ("pending", json!([waiting])), ("failed", json!([]))] {
            let path = format!("/api/videos/jobs?status={status}");
            let page: Value = server.get(&account, &path).await.json().await.unwrap();
            let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect();
            assert_eq!(json!(ids), expected, "{status}");
        }
    }
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let wrong = server.get(&account, "/api/videos/jobs?status=done&limit=0&cursor=x").await;
    let problem = problem(wrong, 422, "invalid_fields").await;
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn accepts_jobs_quickly_without_redis() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    // One Redis refuses connections, the other accepts them and never answers.
    for url in ["redis://127.0.0.1:1".to_owned(), format!("redis://127.0.0.1:{silent_port}")] {
        let variables = vec![("REDIS_URL", url)];
        let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
        let account = server.account("ada@example.org").await;
        let began = Instant::now();
        let job = server.job(&account, "a cat").await;
        assert!(began.elapsed() < Duration::from_millis(1_900), "{:?}", began.elapsed());
        assert_eq!((job["status"].as_str(), &job["queuePosition"]), (Some("pending"), &json!(null)));
        let path = format!("/api/videos/jobs/{}", job["id"].as_str().unwrap());
        let read: Value = server.get(&account, &path).await.json().await.unwrap();
        assert_eq!(read, job);
        assert_eq!(server.request(Method::GET, "/readyz").send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn stores_the_requests_trace_with_the_job() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (sent, kept) in [(given, true), ("nonsense", false)] {
        let create = server.request(Method::POST, "/api/videos").bearer_auth(&account.token);
        let response = create.header("traceparent", sent).json(&json!({"prompt": "a cat"})).send().await.unwrap();
        let id =
            response.json::<Value>().await.unwrap()["job"]["id"].as_str().unwrap().parse::<entity::JobId>().unwrap();
        let row = entity::job::Entity::find_by_id(id).one(&server.database.connection).await.unwrap().unwrap();
        let traceparent = row.traceparent.unwrap();
        assert_eq!(traceparent == given, kept);
        assert_eq!(traceparent.len(), 55);
    }
}

#[tokio::test]
async fn returns_the_models_of_the_configuration() {
    let variables = vec![
        ("SORA_MODELS", "sora2,sora2-pro".to_owned()),
        ("SORA_SECONDS", "5,20".to_owned()),
        ("SORA_FREE", "true".to_owned()),
    ];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let account = server.account("ada@example.org").await;
    let models: Value = server.get(&account, "/api/models").await.json().await.unwrap();
    let (orientations, sizes) = (json!(["landscape", "portrait"]), json!(["1280x720", "720x1280"]));
    let model = |name: &str, default: bool| {
        json!({
            "id": name, "title": {"en": name, "zh": name}, "orientations": orientations, "seconds": [5, 20], "sizes": sizes,
            "referenceImage": "optional", "remix": true, "price": null, "status": "active", "retiresOn": null,
            "default": default,
        })
    };
    let expected = json!({
        "models": [
            model("sora2", true),
            model("sora2-pro", false),
        ],
        "defaults": {"model": "sora2", "orientation": "landscape", "seconds": 5, "size": "1280x720"},
        "free": true,
    });
    assert_eq!(models, expected);
    let job = server.job(&account, "a cat").await;
    assert_eq!((job["model"].as_str(), job["seconds"].as_i64()), (Some("sora2"), Some(5)));
}

#[tokio::test]
async fn answers_304_to_an_unchanged_list() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let ask = async |tag: &str| {
        let get = server.request(Method::GET, "/api/videos/jobs").bearer_auth(&account.token);
        get.header("if-none-match", tag).send().await.unwrap()
    };
    let first = ask("").await;
    let tag = header(&first, "etag").to_owned();
    assert_eq!((first.status(), header(&first, "retry-after")), (StatusCode::OK, "2"));
    assert_eq!((header(&first, "cache-control"), header(&first, "content-type")), ("no-store", "application/json"));
    let same = ask(&tag).await;
    assert_eq!(
        (same.status(), header(&same, "retry-after"), header(&same, "etag")),
        (StatusCode::NOT_MODIFIED, "2", &*tag)
    );
    assert!(same.bytes().await.unwrap().is_empty());
    server.completed(&job, b"video").await;
    let over = ask(&tag).await;
    assert_eq!((over.status(), header(&over, "retry-after")), (StatusCode::OK, ""));
    assert_ne!(header(&over, "etag"), tag);
}
