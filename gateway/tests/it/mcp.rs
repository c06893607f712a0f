//! MCP: tools that create and follow videos, without paying twice and without showing anyone else's.

use entity::job;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use testkit::Database;

use crate::keys::key;
use crate::test_server::{Account, Setup, TestServer, parse_id, problem};

fn request(server: &TestServer, account: &Account, message: &Value) -> RequestBuilder {
    let request = server.request(Method::POST, "/mcp").bearer_auth(&account.token).json(message);
    request.header("accept", "application/json, text/event-stream")
}

/// Sends a message, and returns its result, or else its error.
pub(crate) async fn send(server: &TestServer, account: &Account, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let response = request(server, account, &message).send().await.unwrap();
    let text = response.text().await.unwrap();
    // With notifications, the response is a stream of events.
    let last = text.rsplit("data:").next().unwrap().trim();
    let answer: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{text}"));
    answer.get("result").unwrap_or_else(|| &answer["error"]).clone()
}

/// Calls a tool that succeeds, and returns its result.
pub(crate) async fn call(server: &TestServer, account: &Account, tool: &str, arguments: Value) -> Value {
    let result = send(server, account, "tools/call", json!({"name": tool, "arguments": arguments})).await;
    assert_eq!(result["isError"], json!(false), "{result}");
    result["structuredContent"].clone()
}

/// Calls a tool that fails, and returns the message.
pub(crate) async fn refused(server: &TestServer, account: &Account, tool: &str, arguments: Value) -> String {
    let result = send(server, account, "tools/call", json!({"name": tool, "arguments": arguments})).await;
    assert_eq!(result["isError"], json!(true), "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

async fn generate(server: &TestServer, account: &Account, arguments: Value) -> (String, bool) {
    let result = call(server, account, "generate_video", arguments).await;
    (result["videos"][0]["id"].as_str().unwrap().to_owned(), result["already_existed"].as_bool().unwrap())
}

#[tokio::test]
async fn lists_tools_with_the_options_of_this_server() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let client = json!({"name": "test", "version": "1"});
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let hello = send(&server, &ada, "initialize", hello).await;
    assert_eq!((&hello["protocolVersion"], &hello["serverInfo"]["name"]), (&json!("2025-06-18"), &json!("sora")));
    let listed = send(&server, &ada, "tools/list", json!({})).await;
    let names: Vec<_> = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let tools = ["list_models", "generate_video", "get_video", "wait_for_video", "list_videos", "cancel_video"];
    assert_eq!(names, tools);
    let generate = &listed["tools"][1];
    assert_eq!(generate["inputSchema"]["properties"]["seconds"]["enum"], json!([10, 15]));
    assert!(generate["description"].as_str().unwrap().contains("cost the user money"), "{generate}");
    let unknown = send(&server, &ada, "tools/call", json!({"name": "delete_everything"})).await;
    assert_eq!(unknown["code"], json!(-32_602));
}

#[tokio::test]
async fn follows_a_video_to_a_file_that_needs_no_credentials() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (id_of_key, with_key) = key(&server, &ada, &["read", "create"]).await;
        let (id, _) = generate(&server, &with_key, json!({"prompt": "a cat", "seconds": 15})).await;
        let waiting = call(&server, &with_key, "get_video", json!({"id": id})).await;
        assert_eq!((&waiting["status"], &waiting["seconds"]), (&json!("pending"), &json!(15)));
        assert!(waiting.get("file").is_none());
        let waited = call(&server, &with_key, "wait_for_video", json!({"id": id, "wait_seconds": 0})).await;
        assert_eq!(waited["status"], "pending");
        server.completed(&id, b"....ftypisom").await;
        let done = call(&server, &with_key, "wait_for_video", json!({"id": id})).await;
        assert_eq!((&done["status"], &done["file"]["size_bytes"]), (&json!("completed"), &json!(12)));
        let url = done["file"]["url"].as_str().unwrap();
        let path = url.strip_prefix(&server.origin()).unwrap().to_owned();
        let file = server.request(Method::GET, &path).header("range", "bytes=4-7").send().await.unwrap();
        assert_eq!(file.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(file.text().await.unwrap(), "ftyp");
        for forged in [path.replace("_k_", "_s_"), format!("{path}0"), "/api/files/x".into()] {
            problem(server.request(Method::GET, &forged).send().await.unwrap(), 404, "not_found").await;
        }
        // The link ends with the key that it was made for.
        assert!(server.delete(&ada, &format!("/api/keys/{id_of_key}")).await.status().is_success());
        problem(server.request(Method::GET, &path).send().await.unwrap(), 404, "not_found").await;
        let list = call(&server, &ada, "list_videos", json!({"status": "completed"})).await;
        assert_eq!(list["videos"][0]["id"], json!(id));
    }
}

#[tokio::test]
async fn an_equal_call_starts_nothing_new() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let (_, first_key) = key(&server, &ada, &["read", "create"]).await;
        let (_, second_key) = key(&server, &ada, &["read", "create"]).await;
        let cat = json!({"prompt": "a cat", "count": 2});
        let (id, existed) = generate(&server, &first_key, cat.clone()).await;
        assert!(!existed);
        let repeated = json!({"prompt": "a cat", "count": 2, "model": null, "wait_seconds": 0});
        assert_eq!(generate(&server, &first_key, repeated).await, (id.clone(), true));
        assert_eq!(server.jobs_in_database().await, 2);
        assert_ne!(generate(&server, &second_key, cat.clone()).await.0, id, "another assistant's call is another one");
        let again = json!({"prompt": "a cat", "count": 2, "idempotency_key": "again"});
        let (other, existed) = generate(&server, &first_key, again.clone()).await;
        assert!(!existed && other != id);
        assert_eq!(generate(&server, &first_key, again).await, (other, true));
        let changed = json!({"prompt": "a dog", "idempotency_key": "again"});
        let message = refused(&server, &first_key, "generate_video", changed).await;
        assert!(message.contains("another idempotency_key"), "{message}");
        assert_eq!(server.jobs_in_database().await, 6);
    }
}

#[tokio::test]
async fn names_invalid_arguments_as_the_tool_does() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    for (arguments, argument) in [
        (json!({}), "prompt: This field is required."),
        (json!({"prompt": " "}), "prompt: Describe the video."),
        (json!({"prompt": "a", "seconds": 7}), "seconds: Must be one of 10, 15 with the model sora2."),
        (json!({"prompt": "a", "remix_of": "x"}), "remix_of: Must be the id of one of your jobs."),
        (json!({"prompt": "a", "remix_of": "0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11"}), "remix_of: "),
        (json!({"prompt": "a", "reference_image_id": 1}), "reference_image_id: This field must be a string."),
        (json!({"prompt": "a", "wait_seconds": 51}), "wait_seconds: Must be a whole number from 0 to 50."),
        (json!({"prompt": "a", "idempotency_key": ""}), "idempotency_key: Must be 1 to 255"),
        (json!({"prompt": "a", "colour": "blue"}), "colour: Unknown field."),
        (json!({"prompt": "a", "count": 5}), "count: Must be a whole number from 1 to 4."),
    ] {
        let message = refused(&server, &ada, "generate_video", arguments).await;
        assert!(message.contains(argument), "{message}");
    }
    let message = refused(&server, &ada, "list_videos", json!({"limit": 0, "status": "done"})).await;
    assert!(message.contains("limit: ") && message.contains("status: "), "{message}");
    refused(&server, &ada, "wait_for_video", json!({"id": "x"})).await;
    assert_eq!(server.jobs_in_database().await, 0);
}

#[tokio::test]
async fn respects_owners_and_scopes() {
    for server in TestServer::each().await {
        let (ada, eve) = (server.account("ada@example.org").await, server.account("eve@example.org").await);
        let (id, _) = generate(&server, &ada, json!({"prompt": "a cat"})).await;
        for tool in ["get_video", "wait_for_video", "cancel_video"] {
            assert_eq!(refused(&server, &eve, tool, json!({"id": id})).await, "Not found.");
        }
        assert_eq!(call(&server, &eve, "list_videos", json!({})).await["videos"], json!([]));
        let (_, reader) = key(&server, &ada, &["read"]).await;
        let (_, creator) = key(&server, &ada, &["create"]).await;
        for (account, tool, arguments) in [
            (&reader, "generate_video", json!({"prompt": "a"})),
            (&reader, "cancel_video", json!({"id": id})),
            (&creator, "get_video", json!({"id": id})),
            (&creator, "list_models", json!({})),
        ] {
            assert!(refused(&server, account, tool, arguments).await.contains("API key"));
        }
        let cancelled = call(&server, &creator, "cancel_video", json!({"id": id})).await;
        assert_eq!(cancelled["status"], "cancelled");
        let row = job::by_id(&server.database.connection, parse_id(&id)).await.unwrap().unwrap();
        assert_eq!(row.status, job::Status::Cancelled);
    }
}

#[tokio::test]
async fn refuses_what_is_not_the_protocol() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let unknown = Account { id: ada.id.clone(), token: "sk-unknown".into() };
    let response = request(&server, &unknown, &list).send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    problem(response, 401, "unauthenticated").await;
    let with_cookie =
        server.request(Method::POST, "/mcp").json(&list).header("cookie", format!("session={}", ada.token));
    problem(with_cookie.send().await.unwrap(), 401, "unauthenticated").await;
    let elsewhere = request(&server, &ada, &list).header("origin", "https://evil.example");
    problem(elsewhere.send().await.unwrap(), 403, "forbidden_origin").await;
    problem(server.get(&ada, "/mcp").await, 405, "method_not_allowed").await;
    let form = server.request(Method::POST, "/mcp").bearer_auth(&ada.token).body("x=y");
    let accept = "application/json, text/event-stream";
    problem(form.header("accept", accept).send().await.unwrap(), 415, "unsupported_media_type").await;
    let html = server.request(Method::POST, "/mcp").bearer_auth(&ada.token).json(&list).header("accept", "text/html");
    problem(html.send().await.unwrap(), 400, "malformed_request").await;
    let large = json!({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"text": "x".repeat(70_000)}});
    problem(request(&server, &ada, &large).send().await.unwrap(), 413, "too_large").await;
    let version = request(&server, &ada, &list).header("mcp-protocol-version", "1999-01-01");
    let error = problem(version.send().await.unwrap(), 400, "malformed_request").await;
    assert!(error["detail"].as_str().unwrap().contains("MCP-Protocol-Version"), "{error}");
}

#[tokio::test]
async fn says_what_is_wrong_with_a_message() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    let list = r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#;
    let batch = format!("[{list}]");
    let deep = format!(
        r#"{{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}1{}}}"#,
        "[".repeat(9_999),
        "]".repeat(9_999)
    );
    for (body, code, id) in [
        ("", -32_700, Value::Null),
        ("{", -32_700, Value::Null),
        (&list[..list.len() - 2], -32_700, Value::Null),
        (&deep, -32_700, Value::Null),
        ("null", -32_600, Value::Null),
        ("[]", -32_600, Value::Null),
        (&batch, -32_600, Value::Null),
        (r#"{"jsonrpc": "1.0", "id": 7, "method": "tools/list"}"#, -32_600, json!(7)),
        (r#"{"jsonrpc": "2.0", "id": "x"}"#, -32_600, json!("x")),
        (r#"{"jsonrpc": "2.0", "id": {}, "method": 1}"#, -32_600, Value::Null),
    ] {
        let response = request(&server, &ada, &json!({})).body(body.to_owned()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body:.60}");
        assert_eq!(response.headers()["content-type"], "application/json", "{body:.60}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{body:.60}: {answer}");
    }
    let invalid = request(&server, &ada, &json!({})).body(b"{\"jsonrpc\": \"\xff\"}".to_vec());
    assert_eq!(invalid.send().await.unwrap().json::<Value>().await.unwrap()["error"]["code"], -32_700);
}

#[tokio::test]
async fn tells_wrong_params_from_unknown_methods() {
    let server = TestServer::new().await;
    let ada = server.account("ada@example.org").await;
    for (method, params, code) in [
        ("tools/call", Value::Null, -32_602),
        ("tools/call", json!([1]), -32_602),
        ("tools/call", json!({"name": 5}), -32_602),
        ("tools/call", json!({"name": "get_video", "arguments": "x"}), -32_602),
        ("initialize", json!({"protocolVersion": 5}), -32_602),
        ("tools/delete", json!({}), -32_601),
    ] {
        let error = send(&server, &ada, method, params.clone()).await;
        assert_eq!(error["code"], json!(code), "{method} {params}: {error}");
    }
}

#[tokio::test]
async fn refuses_to_wait_where_too_many_requests_wait() {
    let setup = Setup { variables: vec![("MAX_SOCKETS_PER_USER", "1".to_owned())], ..Setup::default() };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let ada = server.account("ada@example.org").await;
    let (id, _) = generate(&server, &ada, json!({"prompt": "a cat"})).await;
    let stream = server.get(&ada, "/api/events").await;
    assert_eq!(stream.status(), StatusCode::OK);
    let message = refused(&server, &ada, "wait_for_video", json!({"id": id})).await;
    assert!(message.contains("not waited") && message.contains("in 15 seconds"), "{message}");
    let started = call(&server, &ada, "generate_video", json!({"prompt": "a dog", "wait_seconds": 9})).await;
    assert!(started["note"].as_str().unwrap().contains("not waited"), "{started}");
    assert_eq!((server.jobs_in_database().await, &started["videos"][0]["status"]), (2, &json!("pending")));
    // A video that has ended needs no waiting.
    server.completed(&id, b"....ftypisom").await;
    assert_eq!(call(&server, &ada, "wait_for_video", json!({"id": id})).await["status"], "completed");
}
