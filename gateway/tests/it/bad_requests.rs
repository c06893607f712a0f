//! Invalid requests: each gets a problem document, and nothing is stored.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_server::{Account, SECRET, TestServer, problem};

#[tokio::test]
async fn rejects_invalid_video_requests_and_stores_nothing() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        for (field, value, code) in [
            ("prompt", json!(""), "blank"),
            ("prompt", json!(" \n\t\u{3000}"), "blank"),
            ("prompt", json!("🎬".repeat(4_001)), "too_long"),
            ("prompt", json!(7), "wrong_type"),
            ("prompt", json!(null), "wrong_type"),
            ("prompt", json!(["a cat"]), "wrong_type"),
            ("prompt", json!("a\u{0}b"), "invalid_characters"),
            ("orientation", json!("diagonal"), "unknown_value"),
            ("orientation", json!("Landscape"), "unknown_value"),
            ("orientation", json!(1), "wrong_type"),
            ("seconds", json!(11), "unknown_value"),
            ("seconds", json!("10"), "wrong_type"),
            ("seconds", json!(10.5), "wrong_type"),
            ("seconds", json!(u64::MAX), "wrong_type"),
            ("model", json!("sora9"), "unknown_value"),
            ("colour", json!("blue"), "unknown_field"),
        ] {
            let mut body = json!({"prompt": "a cat"});
            body[field] = value;
            let errors = wrong_fields(&server, &account, body).await;
            assert_eq!(errors, [(field.to_owned(), code.to_owned())]);
        }
        let missing = wrong_fields(&server, &account, json!({})).await;
        assert_eq!(missing, [("prompt".to_owned(), "required".to_owned())]);
        let all = json!({"prompt": "", "orientation": "up", "seconds": 1, "model": "m", "x": 1});
        assert_eq!(wrong_fields(&server, &account, all).await.len(), 5);
        assert_eq!(server.jobs_in_database().await, 0);
    }
}

/// Returns the fields and codes for which a video request is rejected.
async fn wrong_fields(server: &TestServer, account: &Account, body: Value) -> Vec<(String, String)> {
    let response = server.post(account, "/api/videos", body).await;
    let problem = problem(response, 422, "invalid_fields").await;
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    let errors = errors.inspect(|error| assert!(error["message"].is_string()));
    errors.map(|error| (text(error, "field"), text(error, "code"))).collect()
}

#[tokio::test]
async fn rejects_bodies_that_are_too_large_or_not_json() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let send = async |kind: &str, body: &[u8]| {
        let request = server.request(Method::POST, "/api/videos").bearer_auth(&account.token);
        request.header("content-type", kind).body(body.to_vec()).send().await.unwrap()
    };
    let broken: [&[u8]; 7] = [
        b"",
        b"{\"prompt\": \"a cat\"",
        b"[]",
        b"null",
        b"{\"prompt\": \"\\ud800\"}",
        b"{} trailing",
        b"{\"prompt\": \"\xff\"}",
    ];
    for body in broken {
        problem(send("application/json", body).await, 400, "unreadable_body").await;
    }
    let proper = json!({"prompt": "a cat"}).to_string();
    for kind in ["text/plain", "multipart/form-data", "application/jsonp", ""] {
        let response = send(kind, proper.as_bytes()).await;
        problem(response, 415, "unsupported_media_type").await;
    }
    let large = json!({"prompt": "a".repeat(64 * 1024)}).to_string();
    problem(send("application/json", large.as_bytes()).await, 413, "too_large").await;
    assert_eq!(server.jobs_in_database().await, 0);
    let accepted = send("application/json; charset=utf-8", proper.as_bytes()).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn rejects_missing_expired_and_forged_tokens() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let create = |token: &str| {
        let request = server.request(Method::POST, "/api/videos").json(&json!({"prompt": "a cat"}));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    };
    for token in forgeries(&account.token) {
        let response = create(&token).send().await.unwrap();
        problem(response, 401, "unauthenticated").await;
    }
    assert_eq!(server.jobs_in_database().await, 0);
    let proper = signed(&claims(&account.token), SECRET, Algorithm::HS256);
    let accepted = create(&proper).send().await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED, "a token without a flaw is good");
}

/// Tokens that each differ from a valid one in one respect, and an empty one.
fn forgeries(good: &str) -> Vec<String> {
    let (claims, payload) = (claims(good), good.split('.').nth(1).unwrap());
    let mut forgeries = vec![
        String::new(),
        "nonsense".into(),
        signed(&claims, "another-secret-another-secret-another", Algorithm::HS256),
        signed(&claims, SECRET, Algorithm::HS384),
        format!("eyJhbGciOiJub25lIn0.{payload}."),
        format!("{good}x"),
    ];
    let unknown_id = json!("00000000-0000-7000-8000-000000000000");
    let past = json!(entity::clock::system_ms() / 1_000 - 1);
    for name in ["exp", "aud", "iss", "sub", "jti"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        forgeries.push(signed(&claims, SECRET, Algorithm::HS256));
    }
    let other = json!("other");
    for (name, value) in [("exp", &past), ("aud", &other), ("iss", &other), ("sub", &unknown_id), ("jti", &unknown_id)]
    {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        forgeries.push(signed(&claims, SECRET, Algorithm::HS256));
    }
    forgeries
}

fn claims(token: &str) -> Value {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_aud = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    decode(token, &key, &rules).unwrap().claims
}

fn signed(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

#[tokio::test]
async fn returns_404_for_another_users_job() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
        let video = server.completed(&job, b"0123456789").await;
        for path in
            [format!("/api/videos/jobs/{job}"), format!("/api/videos/{video}"), format!("/api/videos/{video}/content")]
        {
            assert_eq!(server.get(&ada, &path).await.status(), StatusCode::OK);
            let ask = |method: Method| server.request(method, &path).bearer_auth(&eve.token);
            let theirs = problem(ask(Method::GET).send().await.unwrap(), 404, "not_found").await;
            let nobodys = path.replace(&job, &video_like()).replace(&video, &video_like());
            let mut nothing = problem(server.get(&eve, &nobodys).await, 404, "not_found").await;
            nothing["requestId"] = theirs["requestId"].clone();
            assert_eq!(theirs, nothing);
            assert_eq!(ask(Method::HEAD).send().await.unwrap().status(), StatusCode::NOT_FOUND);
            for (name, value) in [("range", "bytes=0-1"), ("range", "bytes=99-"), ("if-none-match", "*")] {
                problem(ask(Method::GET).header(name, value).send().await.unwrap(), 404, "not_found").await;
            }
        }
        let list: Value = server.get(&eve, "/api/videos/jobs").await.json().await.unwrap();
        assert_eq!(list["data"], json!([]));
    }
}

#[tokio::test]
async fn returns_404_for_malformed_ids() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let bare = job.replace('-', "");
    for id in ["1", "not-an-id", "%00", "%FF", "..%2f..", "🎬", &format!("{{{job}}}"), &bare, &job.to_uppercase()] {
        for path in [format!("/api/videos/jobs/{id}"), format!("/api/videos/{id}"), format!("/api/videos/{id}/content")]
        {
            problem(server.get(&account, &path).await, 404, "not_found").await;
        }
    }
}

fn video_like() -> String {
    entity::id::new_id::<entity::id::kind::Video>().to_string()
}
