//! The gateway as a process of the operating system: its log, signals, and limit on open files.

use std::fs::File;
use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Database, Process, eventually, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::test_server::SECRET;

/// A gateway in a process of its own.
struct GatewayProcess {
    port: u16,
    process: Process,
    client: Client,
    _database: Database,
    _folder: TempDir,
}

impl GatewayProcess {
    async fn start(start: impl Fn(&[(&str, &str)]) -> Process) -> Self {
        service::tls::install_provider();
        let (database, folder, port) = (Database::sqlite().await, tempfile::tempdir().unwrap(), free_port().await);
        let environment = [
            ("APP_ENV", "development".to_owned()),
            ("BACKEND_HOST", "127.0.0.1".to_owned()),
            ("BACKEND_PORT", port.to_string()),
            ("DATABASE_URL", database.url.clone()),
            ("REDIS_URL", testkit::redis_url()),
            ("REDIS_NAMESPACE", testkit::namespace()),
            ("STORAGE_URL", folder.path().display().to_string()),
            ("JWT_SECRET", SECRET.to_owned()),
        ];
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let process = start(&environment);
        let client = Client::builder().no_proxy().build().unwrap();
        let started = Self { port, process, client, _database: database, _folder: folder };
        eventually("the gateway listens", async || started.status("/livez").await).await;
        started
    }

    /// The status of the response to a request; `None` without a response.
    async fn status(&self, path: &str) -> Option<StatusCode> {
        let response = self.client.get(format!("http://127.0.0.1:{}{path}", self.port)).send().await;
        response.ok().map(|response| response.status())
    }

    async fn terminate(self) -> Option<i32> {
        self.process.signal("TERM").await;
        self.process.exit().await
    }
}

/// Speaks the protocols over which credentials and prompts come: bodies, websockets, MCP, and paths.
async fn use_secrets(gateway: &GatewayProcess, prompt: &str, password: &str) -> Vec<String> {
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", gateway.port);
    let account = json!({"email": "ada@example.org", "password": password});
    let registered = gateway.client.post(url("/api/auth/register")).json(&account).send().await.unwrap();
    let token = registered.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let request = json!({"name": "n", "scopes": ["read", "create"]});
    let created = gateway.client.post(url("/api/keys")).bearer_auth(&token).json(&request).send().await.unwrap();
    let created = created.json::<Value>().await.unwrap();
    let key = created["secret"].as_str().or(created["key"].as_str()).unwrap_or_else(|| panic!("{created}")).to_owned();
    let arguments = json!({"prompt": prompt, "idempotency_key": "unique-and-private"});
    let params = json!({"name": "generate_video", "arguments": arguments});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let call = gateway.client.post(url("/mcp")).bearer_auth(&key).json(&call);
    let called = call.header("accept", "application/json, text/event-stream").send().await.unwrap();
    assert!(called.text().await.unwrap().contains(prompt));
    let request = format!("ws://127.0.0.1:{}/api/ws", gateway.port);
    let mut request = request.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "sora.v1".parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    socket.send(Message::text(json!({"type": "hello", "token": key}).to_string())).await.unwrap();
    while !socket.next().await.unwrap().unwrap().to_text().unwrap().contains(prompt) {}
    let link = format!("0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11_{}", "5d41402abc4b2a76b9719d911017c592");
    for path in ["/api/shares/", "/api/share%73/", "/api/shares%2F", "/API/SHARES/", "/api/file%73/"] {
        assert_eq!(gateway.status(&format!("{path}{link}")).await, Some(StatusCode::NOT_FOUND), "{path}");
    }
    vec![token, key, link, "unique-and-private".into()]
}

#[tokio::test]
async fn the_log_has_no_credentials_and_prompts_at_any_level() {
    let (prompt, password) = ("a meadow that nobody else may read of", "a password for this test");
    for format in ["json", "pretty"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let gateway = GatewayProcess::start(|environment| {
            let detailed = [environment, &[("LOG_LEVEL", "trace"), ("LOG_FORMAT", format)]].concat();
            Process::with_log(PROGRAM, &detailed, File::create(&path).unwrap())
        })
        .await;
        let mut secrets = use_secrets(&gateway, prompt, password).await;
        secrets.extend([prompt, password, SECRET].map(str::to_owned));
        assert_eq!(gateway.terminate().await, Some(0));
        let log = std::fs::read_to_string(&path).unwrap();
        assert!(log.contains("/api/auth/register") && log.contains("stopped"), "{log}");
        let found = |secret: &&String| log.lines().any(|line| line.contains(secret.as_str()));
        assert_eq!(secrets.iter().find(found), None, "{format}");
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_gateway");

#[tokio::test]
async fn answers_and_stops_while_nobody_reads_its_log() {
    let gateway = GatewayProcess::start(|environment| Process::with_unread_log(PROGRAM, environment)).await;
    // Each is logged with a few hundred bytes; a pipe holds 64 KiB.
    for _ in 0..2_000 {
        assert_eq!(gateway.status("/api/auth/me").await, Some(StatusCode::UNAUTHORIZED));
    }
    assert_eq!(gateway.terminate().await, Some(0));
}

#[tokio::test]
async fn signals_without_a_meaning_do_not_interrupt_a_download() {
    let gateway = GatewayProcess::start(|environment| Process::start(PROGRAM, environment)).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut download = socket.connect(SocketAddr::from(([127, 0, 0, 1], gateway.port))).await.unwrap();
    let host = format!("localhost:{}", gateway.port);
    let head = format!("GET /docs/scalar.js HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    download.write_all(head.as_bytes()).await.unwrap();
    let mut received = vec![0; 1_024];
    download.read_exact(&mut received).await.unwrap();
    for name in ["HUP", "USR1", "USR2", "PIPE", "ALRM", "VTALRM", "PROF", "IO", "XCPU", "XFSZ"] {
        gateway.process.signal(name).await;
    }
    download.read_to_end(&mut received).await.unwrap();
    let response = String::from_utf8_lossy(&received);
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{} bytes after {head}", body.len());
    assert_eq!(gateway.terminate().await, Some(0));
}

#[tokio::test]
async fn raises_its_limit_on_open_files() {
    service::file_limit::raise().unwrap();
    let limited = |environment: &[(&str, &str)]| {
        Process::with_arguments("/bin/sh", &["-c", &format!("ulimit -S -n 256 && exec {PROGRAM}")], environment)
    };
    let gateway = GatewayProcess::start(limited).await;
    let mut silent = Vec::new();
    for _ in 0..600 {
        silent.push(TcpStream::connect(("127.0.0.1", gateway.port)).await.unwrap());
    }
    // None of the connections had to be closed.
    assert_eq!(gateway.status("/livez").await, Some(StatusCode::OK));
    let mut first = silent.swap_remove(0);
    first.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut response = String::new();
    first.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
}
