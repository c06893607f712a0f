//! What applies to every request; the page; the probes.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use serde_json::Value;
use testkit::{Database, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::test_server::{Setup, TestServer, header, problem};

#[tokio::test]
async fn errors_of_the_framework_are_problem_documents() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    for path in ["/api", "/api/", "/api/nothing", "/api/videos/jobs/a/b", "/nothing"] {
        problem(server.get(&account, path).await, 404, "not_found").await;
    }
    for (method, path) in [
        (Method::GET, "/api/videos"),
        (Method::PUT, "/api/auth/me"),
        (Method::POST, "/api/videos/jobs"),
        (Method::PUT, "/readyz"),
    ] {
        let request = server.request(method, path).bearer_auth(&account.token);
        let response = request.send().await.unwrap();
        assert_ne!(header(&response, "allow"), "", "{path}");
        problem(response, 405, "method_not_allowed").await;
    }
    problem(server.get(&account, "/api/ws").await, 426, "upgrade_required").await;
}

#[tokio::test]
async fn keeps_a_safe_request_id() {
    let server = TestServer::new().await;
    let ask = |id: &'static str| server.request(Method::GET, "/api/auth/me").header("x-request-id", id).send();
    let kept = ask("client_id-7").await.unwrap();
    assert_eq!(header(&kept, "x-request-id"), "client_id-7");
    assert_eq!(problem(kept, 401, "unauthenticated").await["requestId"], "client_id-7");
    let replaced = ask("<b>bold</b>").await.unwrap();
    assert_eq!(header(&replaced, "x-request-id").len(), 36);
}

#[tokio::test]
async fn rejects_other_host_names_except_for_probes() {
    let server = TestServer::new().await;
    let ask = |path: &str, host: &str| server.request(Method::GET, path).header("host", host).send();
    for host in ["evil.example", "localhost", "localhost:1", "10.0.0.1:3000"] {
        problem(ask("/api/auth/me", host).await.unwrap(), 421, "misdirected").await;
        assert_eq!(ask("/livez", host).await.unwrap().status(), StatusCode::OK);
        assert_eq!(ask("/readyz", host).await.unwrap().status(), StatusCode::OK);
    }
    let allowed = format!("localhost:{}", server.port);
    problem(ask("/api/auth/me", &allowed).await.unwrap(), 401, "unauthenticated").await;
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let server = TestServer::new().await;
    for path in ["/livez", "/api/auth/me", "/nothing"] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "same-origin");
        assert!(header(&response, "content-security-policy").contains("frame-ancestors 'none'"));
    }
}

#[tokio::test]
async fn an_unreachable_storage_is_reported_but_does_not_affect_readiness() {
    let unreachable = format!("https://127.0.0.1:{}", testkit::free_port().await);
    let variables = vec![("STORAGE_URL", "s3://videos".into()), ("S3_ENDPOINT", unreachable)];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let response = server.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.json::<Value>().await.unwrap()["storage"], "down");
}

#[tokio::test]
async fn only_the_database_decides_readiness() {
    for server in TestServer::each().await {
        let response = server.request(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["database"], &body["redis"], &body["storage"]), (&"up".into(), &"up".into(), &"up".into()));
        let health = server.request(Method::GET, "/api/health").send().await.unwrap();
        assert_eq!(health.status(), StatusCode::OK);
        let health: Value = health.json().await.unwrap();
        assert_eq!((&health["status"], &health["version"]), (&"ready".into(), &env!("CARGO_PKG_VERSION").into()));
        let dropped =
            sea_orm::ConnectionTrait::execute_unprepared(&server.database.connection, "DROP TABLE schema_version");
        dropped.await.unwrap();
        let response = server.request(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.json::<Value>().await.unwrap()["database"], "down");
        let health = server.request(Method::GET, "/api/health").send().await.unwrap();
        assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(server.request(Method::GET, "/livez").send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn readiness_says_that_the_database_can_only_be_read() {
    for server in TestServer::each().await {
        let database = &server.database.connection;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let lock = database.begin_with_options(options).await.unwrap();
        if database.get_database_backend() == DbBackend::Postgres {
            lock.execute_unprepared("LOCK TABLE schema_version IN EXCLUSIVE MODE").await.unwrap();
        }
        let state = async || {
            let response = server.request(Method::GET, "/readyz").send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "videos can still be watched");
            response.json::<Value>().await.unwrap()["database"].clone()
        };
        assert_eq!(state().await, "unwritable");
        lock.rollback().await.unwrap();
        eventually("the database can be written to", async || (state().await == "up").then_some(())).await;
    }
}

#[tokio::test]
async fn returns_503_without_details_when_the_database_fails() {
    for server in TestServer::each().await {
        let account = server.account("ada@example.org").await;
        let sql = match sea_orm::ConnectionTrait::get_database_backend(&server.database.connection) {
            sea_orm::DbBackend::Postgres => "DROP TABLE jobs CASCADE",
            _ => "PRAGMA foreign_keys = OFF; DROP TABLE jobs",
        };
        sea_orm::ConnectionTrait::execute_unprepared(&server.database.connection, sql).await.unwrap();
        let response = server.get(&account, "/api/videos/jobs").await;
        assert_eq!(header(&response, "retry-after"), "2");
        let problem = problem(response, 503, "unavailable").await;
        assert!(!problem.to_string().contains("jobs\""), "{problem}");
    }
}

#[tokio::test]
async fn does_not_start_without_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("empty.db").display());
    let empty = entity::database::open(&url, entity::database::IfMissing::Create).await.unwrap();
    assert!(entity::schema::check(&empty).await.is_err());
    let lookup = |name: &str| match name {
        "APP_ENV" => Some("demo".to_owned()),
        "DATABASE_URL" => Some(url.clone()),
        "JWT_SECRET" => Some(crate::test_server::SECRET.to_owned()),
        _ => None,
    };
    let mut env = service::Environment::new(&lookup);
    let config = gateway::Config::read(&mut env).unwrap();
    let error = gateway::Gateway::open(config).await.err().unwrap().to_string();
    assert!(error.contains("migration up"), "{error}");
}

#[tokio::test]
async fn serves_the_page_with_a_strict_content_security_policy() {
    let dist = tempfile::tempdir().unwrap();
    std::fs::create_dir(dist.path().join("assets")).unwrap();
    std::fs::write(dist.path().join("index.html"), "<!doctype html>the page").unwrap();
    std::fs::write(dist.path().join("assets/app-1a2b.js"), "code").unwrap();
    std::fs::write(dist.path().join("favicon.svg"), "<svg/>").unwrap();
    std::fs::write(dist.path().parent().unwrap().join("outside.txt"), "outside").unwrap();
    let variables = vec![("FRONTEND_DIST", dist.path().display().to_string())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let get = |path: &str| server.request(Method::GET, path).send();
    for path in ["/", "/index.html", "/jobs/123", "/sign-in"] {
        let response = get(path).await.unwrap();
        assert_eq!((response.status(), header(&response, "cache-control")), (StatusCode::OK, "no-cache"), "{path}");
        assert_eq!(header(&response, "content-type"), "text/html");
        let policy = header(&response, "content-security-policy").to_owned();
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(response.text().await.unwrap(), "<!doctype html>the page");
    }
    let policy = header(&get("/").await.unwrap(), "content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self';") && policy.contains("media-src 'self' blob:;"), "{policy}");
    let asset = get("/assets/app-1a2b.js").await.unwrap();
    assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&asset, "content-type"), "text/javascript");
    for missing in [
        "/assets/app-old.js",
        "/assets/nothing",
        "/missing.png",
        "/api/nothing",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
    ] {
        problem(get(missing).await.unwrap(), 404, "not_found").await;
    }
    let post = server.request(Method::POST, "/").send().await.unwrap();
    problem(post, 405, "method_not_allowed").await;
}

#[tokio::test]
async fn lets_the_page_use_the_api_at_the_gateways_other_origins() {
    let dist = tempfile::tempdir().unwrap();
    std::fs::write(dist.path().join("index.html"), "<!doctype html>the page").unwrap();
    let origin = "https://api.example.com".to_owned();
    let variables = vec![("FRONTEND_DIST", dist.path().display().to_string()), ("ALLOWED_ORIGINS", origin)];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let response = server.request(Method::GET, "/").send().await.unwrap();
    let policy = header(&response, "content-security-policy");
    for directive in [
        "script-src 'self'",
        "img-src 'self' data: blob: https://api.example.com",
        "media-src 'self' blob: https://api.example.com",
        "connect-src 'self' https://api.example.com wss://api.example.com",
    ] {
        assert!(policy.split("; ").any(|one| one == directive), "{directive} is missing in {policy}");
    }
}

#[tokio::test]
async fn rejects_requests_with_two_host_headers() {
    let server = TestServer::new().await;
    for path in ["/api/auth/me", "/livez"] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        let host = format!("Host: localhost:{}\r\n", server.port);
        let request = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n{host}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"malformed_request\""), "{answer}");
    }
}

#[tokio::test]
async fn closes_connections_that_do_not_finish_their_headers() {
    let configure: fn(&mut gateway::Config) = |config| config.http.timeouts.head = Duration::from_millis(200);
    let server =
        TestServer::with(Database::sqlite().await, Setup { configure: Some(configure), ..Setup::default() }).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nX-Padding: ").await.unwrap();
    // One byte at a time, until the gateway closes the connection.
    eventually("the connection is closed", async || {
        let rejected = stream.write_all(b"x").await.is_err();
        let closed = matches!(stream.try_read(&mut [0; 512]), Ok(0));
        (rejected || closed).then_some(())
    })
    .await;
}
