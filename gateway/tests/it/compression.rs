//! Compression of responses: the page's files as the build compressed them, large JSON by the gateway, secrets never.

use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::test_server::{Account, PASSWORD, Setup, TestServer, header};
use testkit::Database;

async fn get(server: &TestServer, account: &Account, path: &str, encodings: &str) -> Response {
    let request = server.request(Method::GET, path).bearer_auth(&account.token);
    request.header(ACCEPT_ENCODING, encodings).send().await.unwrap()
}

#[tokio::test]
async fn compresses_large_json() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    for _ in 0..5 {
        server.job(&account, &"a paper boat ".repeat(50)).await;
    }
    let plain = get(&server, &account, "/api/videos/jobs", "identity").await;
    assert_eq!(header(&plain, "content-encoding"), "");
    let size = plain.bytes().await.unwrap().len();
    for encoding in ["br", "gzip"] {
        let compressed = get(&server, &account, "/api/videos/jobs", encoding).await;
        assert_eq!(header(&compressed, "content-encoding"), encoding);
        assert_eq!(header(&compressed, "vary"), "accept-encoding");
        let tag = header(&compressed, "etag").to_owned();
        assert!(compressed.bytes().await.unwrap().len() * 3 < size);
        let request = server.request(Method::GET, "/api/videos/jobs").bearer_auth(&account.token);
        let unchanged = request.header("if-none-match", tag).header(ACCEPT_ENCODING, encoding).send().await.unwrap();
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    }
}

#[tokio::test]
async fn compresses_neither_small_json_nor_secrets_nor_videos() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let job = server.job(&account, "a cat").await["id"].as_str().unwrap().to_owned();
    let video = server.completed(&job, &[b'x'; 10_000]).await;
    for path in ["/api/models", &format!("/api/videos/{video}/content"), "/api/auth/me", "/api/auth/export"] {
        let response = get(&server, &account, path, "br, gzip").await;
        assert_eq!((response.status(), header(&response, "content-encoding")), (StatusCode::OK, ""), "{path}");
    }
    // The name of a key may be long, and its response holds the key.
    for (path, body) in [
        ("/api/keys", json!({"name": "k".repeat(100), "scopes": ["read"]})),
        (&format!("/api/videos/{video}/shares"), json!({})),
        ("/api/auth/login", json!({"email": "ada@example.org", "password": PASSWORD})),
    ] {
        let request = server.request(Method::POST, path).bearer_auth(&account.token).json(&body);
        let response = request.header(ACCEPT_ENCODING, "br, gzip").send().await.unwrap();
        assert!(response.status().is_success(), "{path}");
        assert_eq!(header(&response, "content-encoding"), "", "{path}");
    }
}

#[tokio::test]
async fn sends_the_pages_files_as_the_build_compressed_them() {
    let dist = tempfile::tempdir().unwrap();
    std::fs::create_dir(dist.path().join("assets")).unwrap();
    for (file, content) in [
        ("index.html", "<!doctype html>"),
        ("index.html.br", "brotli page"),
        ("assets/app.js", "plain"),
        ("assets/app.js.br", "brotli"),
        ("assets/app.js.gz", "gzip"),
    ] {
        std::fs::write(dist.path().join(file), content).unwrap();
    }
    let variables = vec![("FRONTEND_DIST", dist.path().display().to_string())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let ask = async |path: &str, encodings: &str| {
        let response = server.request(Method::GET, path).header(ACCEPT_ENCODING, encodings).send().await.unwrap();
        let (encoding, kind) =
            (header(&response, "content-encoding").to_owned(), header(&response, "content-type").to_owned());
        (encoding, kind, response.text().await.unwrap())
    };
    let script = |encoding: &str, text: &str| (encoding.to_owned(), "text/javascript".to_owned(), text.to_owned());
    assert_eq!(ask("/assets/app.js", "gzip, br").await, script("br", "brotli"));
    assert_eq!(ask("/assets/app.js", "gzip").await, script("gzip", "gzip"));
    assert_eq!(ask("/assets/app.js", "identity").await, script("", "plain"));
    // A route of the page, answered with the page itself.
    assert_eq!(ask("/videos", "br").await, ("br".into(), "text/html".into(), "brotli page".into()));
    assert_eq!(ask("/videos", "gzip").await, ("".into(), "text/html".into(), "<!doctype html>".into()));
}
