//! Errors below `/v1` have OpenAI's envelope, whatever raised them, and say whether to repeat the request.

use std::time::Duration;

use gateway::Config;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::keys::key;
use crate::openai::create;
use crate::test_server::{Setup, TestServer, envelope, header};

#[tokio::test]
async fn names_the_invalid_parameter() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        for (field, value, code) in [
            ("prompt", json!(""), "blank"),
            ("prompt", json!("🎬".repeat(4_001)), "too_long"),
            ("prompt", json!(7), "invalid_type"),
            ("model", json!("sora9"), "model_not_found"),
            ("model", json!(1), "invalid_type"),
            ("seconds", json!("12"), "unsupported_parameter"),
            ("seconds", json!(12), "unsupported_parameter"),
            ("seconds", json!(10.5), "unsupported_parameter"),
            ("seconds", json!([10]), "invalid_type"),
            ("size", json!("1x1"), "unsupported_parameter"),
            ("size", json!(720), "invalid_type"),
            ("colour", json!("blue"), "unknown_parameter"),
            ("input_reference", json!({}), "invalid_value"),
        ] {
            let mut body = json!({"prompt": "a cat"});
            body[field] = value;
            let error = envelope(server.post(&ada, "/v1/videos", body).await, 400, code).await;
            assert_eq!((&error["param"], &error["type"]), (&json!(field), &json!("invalid_request_error")));
        }
        let error = envelope(server.post(&ada, "/v1/videos", json!({})).await, 400, "missing_required_parameter").await;
        assert_eq!(error["param"], "prompt");
        let unsupported = server.post(&ada, "/v1/videos", json!({"prompt": "x", "seconds": "12"})).await;
        let message = envelope(unsupported, 400, "unsupported_parameter").await["message"].as_str().unwrap().to_owned();
        assert!(message.contains("Must be one of 10, 15 with the model sora2."), "{message}");
        for (query, param) in [("limit=0", "limit"), ("limit=x", "limit"), ("order=up", "order"), ("after=x", "after")]
        {
            let response = server.get(&ada, &format!("/v1/videos?{query}")).await;
            let status = response.status();
            let error: Value = response.json().await.unwrap();
            assert_eq!((status.as_u16(), &error["error"]["param"]), (400, &json!(param)));
        }
        assert_eq!(server.jobs_in_database().await, 0);
    }
}

#[tokio::test]
async fn rejects_bodies_that_are_malformed_or_too_large() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let send = async |kind: &str, body: Vec<u8>| {
        let request = server.request(Method::POST, "/v1/videos").bearer_auth(&ada.token);
        request.header("content-type", kind).body(body).send().await.unwrap()
    };
    for body in ["", "{", "[]", "\"x\""] {
        envelope(send("application/json", body.into()).await, 400, "unreadable_body").await;
    }
    envelope(send("multipart/form-data; boundary=x", b"--x\r\nnonsense".into()).await, 400, "unreadable_body").await;
    for kind in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""] {
        envelope(send(kind, b"prompt=x".into()).await, 415, "unsupported_media_type").await;
    }
    let large = json!({"prompt": "x", "input_reference": {"image_url": "a".repeat(21 * 1024 * 1024)}}).to_string();
    envelope(send("application/json", large.into()).await, 413, "too_large").await;
    let form = async |form: Form| {
        server.request(Method::POST, "/v1/videos").bearer_auth(&ada.token).multipart(form).send().await.unwrap()
    };
    let file = |bytes: Vec<u8>| Part::bytes(bytes).file_name("a.png");
    let large = Form::new().text("prompt", "x").part("input_reference", file(vec![0; 20 * 1024 * 1024 + 1]));
    envelope(form(large).await, 413, "too_large").await;
    let other = Form::new().text("prompt", "x").part("prompt_file", file(vec![1]));
    assert_eq!(envelope(form(other).await, 400, "unexpected_file").await["param"], "prompt_file");
    let twice = Form::new().text("prompt", "x").text("prompt", "y");
    assert_eq!(envelope(form(twice).await, 400, "repeated").await["param"], "prompt");
    let no_image = Form::new().text("prompt", "x").part("input_reference", file(b"<svg/>".into()));
    assert_eq!(envelope(form(no_image).await, 400, "unsupported_type").await["param"], "input_reference");
    let many = (0..40).fold(Form::new(), |form, n| form.text(format!("f{n}"), ""));
    envelope(form(many).await, 400, "unreadable_body").await;
    assert_eq!(server.jobs_in_database().await, 0);
}

#[tokio::test]
async fn authenticates_by_header_alone() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (_, reader) = key(&server, &ada, &["read"]).await;
        let (_, creator) = key(&server, &ada, &["create"]).await;
        let cookie = format!("session={}", ada.token);
        let with_cookie = |path: &str| server.request(Method::GET, path).header("cookie", &cookie);
        assert_eq!(with_cookie("/api/videos/jobs").send().await.unwrap().status(), StatusCode::OK);
        envelope(with_cookie("/v1/videos").send().await.unwrap(), 401, "invalid_api_key").await;
        let own_origin = server.request(Method::POST, "/v1/videos").header("cookie", &cookie);
        let own_origin = own_origin.header("origin", server.origin()).json(&json!({"prompt": "x"}));
        let error = envelope(own_origin.send().await.unwrap(), 401, "invalid_api_key").await;
        assert_eq!(error["type"], "authentication_error");
        let wrong = server.request(Method::GET, "/v1/models").bearer_auth("sk-wrong").send().await.unwrap();
        assert_eq!(header(&wrong, "www-authenticate"), "Bearer");
        envelope(wrong, 401, "invalid_api_key").await;

        let refused = server.post(&reader, "/v1/videos", json!({"prompt": "x"})).await;
        assert_eq!(envelope(refused, 403, "insufficient_scope").await["type"], "permission_error");
        envelope(server.get(&creator, "/v1/videos").await, 403, "insufficient_scope").await;
        let id = create(&server, &creator, json!({"prompt": "x"})).await["id"].as_str().unwrap().to_owned();
        assert_eq!(server.get(&reader, &format!("/v1/videos/{id}")).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn answers_unknown_paths_methods_and_operations() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let ask = async |method: Method, path: &str| {
        server.request(method, path).bearer_auth(&ada.token).json(&json!({})).send().await.unwrap()
    };
    for path in ["/v1", "/v1/", "/v1/chat/completions", "/v1/videos/", "/v1/videos/not-an-id", "/v1/videos/a/b/c"] {
        envelope(ask(Method::GET, path).await, 404, "not_found").await;
    }
    for (method, path) in [(Method::PUT, "/v1/videos"), (Method::POST, "/v1/models"), (Method::PATCH, "/v1/videos/x")] {
        envelope(ask(method, path).await, 405, "method_not_allowed").await;
    }
    for (method, path) in [
        (Method::POST, "/v1/videos/edits"),
        (Method::POST, "/v1/videos/extensions"),
        (Method::POST, "/v1/videos/characters"),
        (Method::GET, "/v1/videos/characters/char_123"),
    ] {
        envelope(ask(method, path).await, 404, "unsupported_operation").await;
    }
    let long = server.request(Method::GET, "/v1/videos").header("x-padding", "x".repeat(40_000));
    envelope(long.send().await.unwrap(), 431, "headers_too_large").await;
    let elsewhere = server.request(Method::GET, "/v1/videos").header("host", "evil.example");
    envelope(elsewhere.send().await.unwrap(), 421, "misdirected").await;
}

#[tokio::test]
async fn reports_rate_limits_as_openai_does() {
    let variables = vec![("READS_PER_MINUTE", "2".to_owned()), ("DAILY_SUBMISSIONS_PER_USER", "1".to_owned())];
    let server = TestServer::with(Database::sqlite().await, Setup { variables, ..Setup::default() }).await;
    let ada = server.account("ada@example.org").await;
    for left in ["1", "0"] {
        let response = server.get(&ada, "/v1/models").await;
        assert_eq!(header(&response, "x-ratelimit-limit-requests"), "2");
        assert_eq!(header(&response, "x-ratelimit-remaining-requests"), left);
        let reset = header(&response, "x-ratelimit-reset-requests").trim_end_matches('s');
        assert!((1..=60).contains(&reset.parse::<u64>().unwrap()));
        assert!(header(&response, "ratelimit").starts_with("\"reads\""));
    }
    let limited = server.get(&ada, "/v1/models").await;
    assert_ne!(header(&limited, "retry-after"), "");
    assert_eq!(envelope(limited, 429, "rate_limited").await["type"], "rate_limit_error");
    create(&server, &ada, json!({"prompt": "a cat"})).await;
    let refused = server.post(&ada, "/v1/videos", json!({"prompt": "a dog"})).await;
    assert_ne!(header(&refused, "retry-after"), "");
    envelope(refused, 429, "daily_submissions").await;
}

#[tokio::test]
async fn failures_of_the_server_and_late_bodies_can_be_repeated() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let id = create(&server, &ada, json!({"prompt": "a cat"})).await["id"].as_str().unwrap().to_owned();
    server.completed(&id, b"0123456789").await;
    let files = server.folder().join("videos");
    std::fs::remove_dir_all(&files).unwrap();
    let error = envelope(server.get(&ada, &format!("/v1/videos/{id}/content")).await, 500, "internal").await;
    assert_eq!(error["type"], "server_error");

    let configure = Some((|config: &mut Config| config.http.timeouts.upload = Duration::from_secs(2)) as _);
    let server = TestServer::with(Database::sqlite().await, Setup { configure, ..Setup::default() }).await;
    let ada = server.account("ada@example.org").await;
    let endless = reqwest::Body::wrap_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let late = server.request(Method::POST, "/v1/videos").bearer_auth(&ada.token);
    let late = late.header("content-type", "application/json").body(endless).send().await.unwrap();
    envelope(late, 408, "request_timeout").await;
}
