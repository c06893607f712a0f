//! Clients that use as much as they can do not keep others from being served.

use std::time::Duration;

use futures::SinkExt;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use testkit::{Database, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::task::AbortOnDropHandle;

use crate::socket_client::Socket;
use crate::test_server::{Account, PASSWORD, Setup, TestServer, problem};

/// A server to which tests state the address of each client.
async fn server() -> TestServer {
    let variables = vec![("TRUSTED_PROXIES", "127.0.0.1".into()), ("SIGN_INS_PER_ADDRESS", "1000".into())];
    // The machine may be busy.
    let configure: fn(&mut gateway::Config) = |config| config.http.timeouts.upload = Duration::from_secs(3_600);
    TestServer::with(Database::sqlite().await, Setup { variables, configure: Some(configure), ..Setup::default() })
        .await
}

fn sign_in(server: &TestServer, email: &str, address: &str) -> RequestBuilder {
    let body = json!({"email": email, "password": PASSWORD});
    server.request(Method::POST, "/api/auth/login").header("x-forwarded-for", address).json(&body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_from_many_networks_leaves_room_for_others() {
    let server = server().await;
    server.account("ada@example.org").await;
    let mut flood = Vec::new();
    for client in 0..150_u32 {
        let attempts: Vec<_> = (0..50_u32)
            .map(|attempt| {
                let address = format!("2001:db8:{:x}:{attempt:x}::1", client % 7);
                sign_in(&server, &format!("{client}-{attempt}@example.org"), &address)
            })
            .collect();
        flood.push(AbortOnDropHandle::new(tokio::spawn(async move {
            for attempt in attempts {
                attempt.send().await.ok();
            }
        })));
    }
    eventually("the flood is more than can be served", async || {
        let attempt = sign_in(&server, "eve@example.org", "2001:db8:1:2::3").send().await.unwrap();
        (attempt.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    for honest in 0..20 {
        let response = sign_in(&server, "ada@example.org", &format!("192.0.2.{honest}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "sign-in {honest}");
    }
    assert!(flood.iter().any(|client| !client.is_finished()), "the flood ended too early");
}

/// Begins an upload that does not end. The server asks for its body, so it counts among the uploads.
async fn slow_upload(server: &TestServer, account: &Account) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let head = format!(
        "POST /api/images HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\nX-Forwarded-For: 198.51.100.1\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
        server.port, account.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn upload(server: &TestServer, account: &Account, address: &str) -> StatusCode {
    let form = Form::new().part("image", Part::bytes(&b"not an image"[..]).file_name("a.png"));
    let request = server.request(Method::POST, "/api/images").bearer_auth(&account.token);
    request.header("x-forwarded-for", address).multipart(form).send().await.unwrap().status()
}

#[tokio::test]
async fn slow_uploads_of_many_accounts_leave_room_for_others() {
    let server = server().await;
    let mut slow = Vec::new();
    for number in 0..8 {
        let account = server.account(&format!("{number}@example.org")).await;
        for _ in 0..4 {
            slow.push(slow_upload(&server, &account).await);
        }
        assert_eq!(upload(&server, &account, "198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS);
    }
    let ada = server.account("ada@example.org").await;
    // The file is judged: the upload was read.
    assert_eq!(upload(&server, &ada, "192.0.2.1").await, StatusCode::UNPROCESSABLE_ENTITY);
    let mut response = [0; 12];
    slow[0].read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 429");
}

#[tokio::test]
async fn closes_a_socket_that_sends_endless_fragments() {
    let server = TestServer::new().await;
    let account = server.account("ada@example.org").await;
    let (mut socket, _) = Socket::greeted(&server, &account).await;
    let fragment = |kind| Message::Frame(Frame::message(Vec::new(), OpCode::Data(kind), false));
    socket.0.feed(fragment(Data::Text)).await.unwrap();
    for _ in 0..1_000_000 {
        if socket.0.feed(fragment(Data::Continue)).await.is_err() {
            break;
        }
    }
    let _ = socket.0.flush().await;
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn a_body_that_arrives_too_slowly_is_the_clients_fault() {
    let configure: fn(&mut gateway::Config) = |config| config.http.timeouts.request = Duration::from_millis(500);
    let server =
        TestServer::with(Database::sqlite().await, Setup { configure: Some(configure), ..Setup::default() }).await;
    let head = format!("localhost:{}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{", server.port);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    stream.write_all(format!("POST /api/auth/login HTTP/1.1\r\nHost: {head}").as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 ") && response.contains("\"request_timeout\""), "{response}");
}

#[tokio::test]
async fn concurrent_requests_cannot_create_too_many_keys() {
    for server in TestServer::each().await {
        let ada = server.account("ada@example.org").await;
        let create = || server.post(&ada, "/api/keys", json!({"name": "ci", "scopes": ["read"]}));
        let responses = futures::future::join_all((0..60).map(|_| create())).await;
        let created = responses.iter().filter(|response| response.status() == StatusCode::CREATED).count();
        assert!(created <= 50, "{created}");
        while create().await.status() == StatusCode::CREATED {}
        problem(create().await, 409, "wrong_state").await;
        let keys: serde_json::Value = server.get(&ada, "/api/keys").await.json().await.unwrap();
        assert_eq!(keys["data"].as_array().unwrap().len(), 50);
    }
}
