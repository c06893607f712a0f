//! The gateway as a process of the operating system: its log, signals, and limit on open files.

use std::net::SocketAddr;

use reqwest::{Client, StatusCode};
use tempfile::TempDir;
use testkit::{Database, Process, eventually, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::test_server::SECRET;

/// How a test starts the program.
type Start = fn(&[(&str, &str)]) -> Process;

/// A gateway in a process of its own.
struct GatewayProcess {
    port: u16,
    process: Process,
    client: Client,
    _database: Database,
    _folder: TempDir,
}

impl GatewayProcess {
    async fn start(start: Start) -> Self {
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
    let limited: Start = |environment| {
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
