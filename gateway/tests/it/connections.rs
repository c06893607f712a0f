//! Clients that hold connections without using them do not keep others from being served.

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Config, Connections};
use testkit::{Database, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::test_server::{Setup, TestServer};

async fn server(configure: fn(&mut Config)) -> TestServer {
    TestServer::with(Database::sqlite().await, Setup { configure: Some(configure), ..Setup::default() }).await
}

/// Connects from `source`, a loopback address, with a small receive buffer.
async fn connect(server: &TestServer, source: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    socket.connect(SocketAddr::from(([127, 0, 0, 1], server.port))).await.unwrap()
}

/// Sends a request on a connection that stays open. Returns the status line, or an empty one if the connection was closed.
async fn status(stream: &mut TcpStream) -> String {
    if stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.is_err() {
        return String::new();
    }
    let mut head = Vec::new();
    while !head.ends_with(b"}") {
        let mut chunk = [0; 1_024];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return String::new(),
            Ok(read) => head.extend_from_slice(&chunk[..read]),
        }
    }
    String::from_utf8(head).unwrap().lines().next().unwrap().to_owned()
}

/// Ends a test that would otherwise wait for more than a minute.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

const OK: &str = "HTTP/1.1 200 OK";

async fn request_document(server: &TestServer, stream: &mut TcpStream) {
    let head = format!("GET /api/openapi.json HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", server.port);
    stream.write_all(head.as_bytes()).await.unwrap();
}

/// Sends a request whose body does not arrive.
async fn start_request(server: &TestServer, stream: &mut TcpStream, path: &str, headers: &str) {
    let host = format!("Host: localhost:{}", server.port);
    let head = format!(
        "POST {path} HTTP/1.1\r\n{host}\r\nContent-Type: application/json\r\n{headers}Content-Length: 5000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
}

/// Waits until the server has closed the connection, without reading what it sent.
async fn closed(stream: &TcpStream) {
    eventually("the server closes the connection", async || {
        let probe = socket2::SockRef::from(stream).peer_addr();
        probe.is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn closes_a_connection_whose_client_does_not_read_the_response() {
    let server = server(|config| config.http.timeouts.stall = Duration::from_millis(300)).await;
    let mut stream = connect(&server, "127.0.0.1").await;
    request_document(&server, &mut stream).await;
    closed(&stream).await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_receives_the_whole_response() {
    let server = server(|config| config.http.timeouts.stall = Duration::from_secs(2)).await;
    let mut stream = connect(&server, "127.0.0.1").await;
    request_document(&server, &mut stream).await;
    let (mut pace, mut received) = (interval(Duration::from_millis(50)), Vec::new());
    // Takes longer than the time without progress after which the connection would be closed.
    while !received.ends_with(b"\n}\n") {
        pace.tick().await;
        let mut chunk = [0; 2_048];
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "the response ended after {} bytes", received.len());
        received.extend_from_slice(&chunk[..read]);
    }
}

#[tokio::test]
async fn answers_while_clients_hold_every_connection() {
    let server = server(|config| config.http.connections = Connections { total: 24, per_address: 8 }).await;
    let mut held = Vec::new();
    for source in 1..=40 {
        for _ in 0..12 {
            let mut stream = connect(&server, &format!("127.0.1.{source}")).await;
            // A third of them are silent, others do not read, others do not finish their request.
            match source % 3 {
                0 => request_document(&server, &mut stream).await,
                1 => start_request(&server, &mut stream, "/api/auth/login", "").await,
                _ => {}
            }
            held.push(stream);
        }
        assert_eq!(status(&mut connect(&server, "127.0.0.1").await).await, OK);
    }
}

#[tokio::test]
async fn a_body_gets_no_more_time_where_the_response_may_wait() {
    let server = server(|config| config.http.timeouts.request = Duration::from_millis(300)).await;
    let ada = server.account("ada@example.org").await;
    let authorization = format!("Authorization: Bearer {}\r\n", ada.token);
    let to_wait = format!("{authorization}Prefer: wait=60\r\n");
    let of_mcp = format!("{authorization}Accept: application/json, text/event-stream\r\n");
    for (path, headers) in [("/api/videos", to_wait), ("/mcp", of_mcp)] {
        let mut stream = connect(&server, "127.0.0.1").await;
        start_request(&server, &mut stream, path, &headers).await;
        let mut status = [0; 12];
        let answered = timeout(TEST_TIMEOUT, stream.read_exact(&mut status)).await;
        answered.unwrap_or_else(|_| panic!("{path} waits for the body")).unwrap();
        assert_eq!(&status, b"HTTP/1.1 408", "{path}");
    }
}

#[tokio::test]
async fn a_client_at_its_limit_loses_only_connections_of_its_own() {
    let server = server(|config| config.http.connections = Connections { total: 64, per_address: 4 }).await;
    let mut idle = connect(&server, "127.0.2.1").await;
    assert_eq!(status(&mut idle).await, OK);
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&server, "127.0.2.2").await;
        assert_eq!(status(&mut stream).await, OK);
        held.push(stream);
    }
    assert_eq!(status(&mut idle).await, OK);
    assert_eq!(status(&mut held[0]).await, "");
    assert_eq!(status(&mut held[19]).await, OK);
}

#[tokio::test]
async fn a_trusted_proxy_has_no_limit_of_its_own() {
    let setup = Setup {
        variables: vec![("TRUSTED_PROXIES", "127.0.3.1".into())],
        configure: Some(|config| config.http.connections = Connections { total: 64, per_address: 4 }),
        ..Setup::default()
    };
    let server = TestServer::with(Database::sqlite().await, setup).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(connect(&server, "127.0.3.1").await);
    }
    for stream in &mut held {
        assert_eq!(status(stream).await, OK);
    }
}
