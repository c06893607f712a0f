//! Rate limits, the queue limit, limits on sizes; CORS and HSTS.

use futures::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use testkit::Database;

use crate::keys::key;
use crate::test_server::{Account, PASSWORD, Setup, TestServer, header, problem};

async fn server(variables: &[(&'static str, &str)]) -> TestServer {
    let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await
}

async fn create(server: &TestServer, account: &Account) -> Response {
    server.post(account, "/api/videos", json!({"prompt": "a cat"})).await
}

#[tokio::test]
async fn reads_and_writes_are_limited_separately() {
    let server = server(&[("READS_PER_MINUTE", "3"), ("WRITES_PER_MINUTE", "2")]).await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    for left in ["2", "1", "0"] {
        let response = server.get(&ada, "/api/models").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "ratelimit-policy"), "\"reads\";q=3;w=60");
        assert!(header(&response, "ratelimit").starts_with(&format!("\"reads\";r={left};t=")));
    }
    let rejected = server.get(&ada, "/api/models").await;
    let wait: u64 = header(&rejected, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait));
    problem(rejected, 429, "rate_limited").await;

    assert_eq!(create(&server, &ada).await.status(), StatusCode::ACCEPTED);
    assert_eq!(create(&server, &ada).await.status(), StatusCode::ACCEPTED);
    let rejected = create(&server, &ada).await;
    assert!(header(&rejected, "ratelimit").starts_with("\"writes\";r=0;t="));
    problem(rejected, 429, "rate_limited").await;
    assert_eq!(create(&server, &eve).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn limits_apply_without_redis() {
    let server = server(&[("REDIS_URL", "redis://127.0.0.1:1"), ("WRITES_PER_MINUTE", "1")]).await;
    let ada = server.account("ada@example.org").await;
    assert_eq!(create(&server, &ada).await.status(), StatusCode::ACCEPTED);
    problem(create(&server, &ada).await, 429, "rate_limited").await;
}

#[tokio::test]
async fn limits_the_number_of_waiting_jobs() {
    let server = server(&[("MAX_WAITING_PER_USER", "2")]).await;
    let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
    let job = server.job(&ada, "a cat").await["id"].as_str().unwrap().to_owned();
    server.job(&ada, "a dog").await;
    let rejected = create(&server, &ada).await;
    assert_ne!(header(&rejected, "retry-after"), "");
    problem(rejected, 429, "too_many_waiting").await;
    server.job(&eve, "a fish").await;
    server.claim(&job).await;
    server.job(&ada, "a bird").await;
}

async fn login(server: &TestServer, email: &str, password: &str, from: &str) -> Response {
    let body = json!({"email": email, "password": password});
    let request = server.request(Method::POST, "/api/auth/login").header("x-forwarded-for", from);
    request.json(&body).send().await.unwrap()
}

#[tokio::test]
async fn limits_password_guessing_per_address_without_locking_the_account() {
    let limits = [("TRUSTED_PROXIES", "127.0.0.1"), ("SIGN_INS_PER_ACCOUNT", "3"), ("SIGN_INS_PER_ADDRESS", "5")];
    let server = server(&limits).await;
    server.account("ada@example.org").await;
    for _ in 0..3 {
        problem(login(&server, "ada@example.org", "a guess", "203.0.113.7").await, 401, "invalid_credentials").await;
    }
    let rejected = login(&server, "ada@example.org", PASSWORD, "203.0.113.7").await;
    assert_ne!(header(&rejected, "retry-after"), "");
    problem(rejected, 429, "too_many_attempts").await;
    assert_eq!(login(&server, "ada@example.org", PASSWORD, "203.0.113.8").await.status(), StatusCode::OK);
    // The hop further left is what the client itself sent.
    let forged = login(&server, "ada@example.org", PASSWORD, "198.51.100.1, 203.0.113.7").await;
    problem(forged, 429, "too_many_attempts").await;
    let many = login(&server, "someone@example.org", "a guess", "203.0.113.7").await;
    problem(many, 429, "too_many_attempts").await;
}

#[tokio::test]
async fn successful_sign_ins_do_not_count() {
    let server = server(&[("SIGN_INS_PER_ACCOUNT", "2")]).await;
    server.account("ada@example.org").await;
    for _ in 0..4 {
        problem(login(&server, "ada@example.org", "a guess", "").await, 401, "invalid_credentials").await;
        assert_eq!(login(&server, "ada@example.org", PASSWORD, "").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn stays_responsive_during_two_hundred_simultaneous_sign_ins() {
    let server = server(&[("SIGN_INS_PER_ADDRESS", "0")]).await;
    server.account("ada@example.org").await;
    let emails: Vec<_> = (0..200).map(|n| format!("{n}@example.org")).collect();
    let attempts = join_all(emails.iter().map(|email| login(&server, email, PASSWORD, "")));
    let (answers, alive) = tokio::join!(attempts, server.request(Method::GET, "/livez").send());
    assert_eq!(alive.unwrap().status(), StatusCode::OK);
    let count = |status| answers.iter().filter(|answer| answer.status() == status).count();
    let (rejected, busy) = (count(StatusCode::UNAUTHORIZED), count(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(rejected + busy, 200);
    assert!(rejected > 0 && busy > 0, "{rejected} were checked, {busy} rejected as busy");
    let turned_away = answers.iter().filter(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE);
    assert!(turned_away.into_iter().all(|answer| !header(answer, "retry-after").is_empty()));
}

#[tokio::test]
async fn limits_the_size_of_headers() {
    let server = TestServer::new().await;
    let ask = |bytes: usize| server.request(Method::GET, "/api/models").header("x-padding", "x".repeat(bytes)).send();
    problem(ask(40_000).await.unwrap(), 431, "headers_too_large").await;
    problem(ask(20_000).await.unwrap(), 401, "unauthenticated").await;
}

#[tokio::test]
async fn allows_cross_origin_calls_from_listed_origins_only() {
    let server = server(&[("ALLOWED_ORIGINS", "https://app.example")]).await;
    let preflight = async |origin: &str| {
        let request = server.request(Method::OPTIONS, "/api/videos").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "content-type").send().await.unwrap()
    };
    let allowed = preflight("https://app.example").await;
    assert_eq!(header(&allowed, "access-control-allow-origin"), "https://app.example");
    assert_eq!(header(&allowed, "access-control-allow-credentials"), "true");
    assert!(header(&allowed, "access-control-allow-methods").contains("PATCH"));
    for other in ["https://evil.example", "null", "https://app.example.evil", "http://app.example"] {
        assert_eq!(header(&preflight(other).await, "access-control-allow-origin"), "", "{other}");
    }
    let ada = server.account("ada@example.org").await;
    let request = server.request(Method::GET, "/api/models").bearer_auth(&ada.token);
    let answer = request.header("origin", "https://app.example").send().await.unwrap();
    assert!(header(&answer, "access-control-expose-headers").contains("ratelimit"));
    assert!(header(&answer, "access-control-expose-headers").contains("date"));
    assert!(header(&answer, "vary").contains("origin"));
    // For the videos and images that such a page shows.
    assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-site");
}

#[tokio::test]
async fn sends_hsts_if_the_public_url_is_https() {
    let server = server(&[("PUBLIC_URL", "https://sora.example")]).await;
    let response = server.request(Method::GET, "/livez").send().await.unwrap();
    assert_eq!(header(&response, "strict-transport-security"), "max-age=31536000");
    let plain = TestServer::new().await;
    let response = plain.request(Method::GET, "/livez").send().await.unwrap();
    assert_eq!(header(&response, "strict-transport-security"), "");
}

#[tokio::test]
async fn keys_share_their_owners_limit() {
    let server = server(&[("READS_PER_MINUTE", "3"), ("WRITES_PER_MINUTE", "4")]).await;
    let ada = server.account("ada@example.org").await;
    let keys = [key(&server, &ada, &["read", "create"]).await.1, key(&server, &ada, &["read", "create"]).await.1];
    for caller in [&keys[0], &keys[1], &ada] {
        assert_eq!(server.get(caller, "/api/models").await.status(), StatusCode::OK);
    }
    // Creating the keys took two writes.
    for caller in &keys {
        assert_eq!(create(&server, caller).await.status(), StatusCode::ACCEPTED);
    }
    for caller in [&keys[0], &keys[1], &ada] {
        problem(server.get(caller, "/api/models").await, 429, "rate_limited").await;
        problem(create(&server, caller).await, 429, "rate_limited").await;
    }
}
