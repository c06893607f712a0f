//! Floods: clients that try to occupy the whole gateway, and how long others wait in the meantime.
//!
//! The floods come from loopback addresses of their own; the probes from another one, without limits on rates.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::arguments::Arguments;
use crate::jobs;
use crate::latencies::Latencies;
use crate::platform::{Platform, User};

/// Finished jobs of the user who searches.
const JOBS: u32 = 100_000;

/// Pause between two probes.
const PROBE_INTERVAL: Duration = Duration::from_millis(50);

/// Maximum time for a response to a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// Number of addresses from which a flood of idle connections comes.
const ADDRESSES: usize = 40;

/// An empty continuation frame of a message that never ends, masked with zeros.
const FRAGMENT: &[u8] = &[0x00, 0x80, 0, 0, 0, 0];

/// What each connection of a flood does.
#[derive(Clone, Debug)]
enum Client {
    /// Sends this and reads nothing.
    Unread(String),
    /// Sends nothing.
    Silent,
    /// Sends this over and over, and reads every response.
    Repeating(String),
    /// Sends this, then a byte each second.
    Slow(String),
    /// Sends this, and after the response these bytes without end.
    Endless(String, &'static [u8]),
}

/// Runs the scenario.
pub(crate) async fn floods(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(10).await?;
    jobs::fill(&platform.database().await?, users[0].id, JOBS).await?;
    let host = format!("Host: localhost:{}", platform.port);
    let get = |path: &str, user: &User| {
        format!("GET {path} HTTP/1.1\r\n{host}\r\nAuthorization: Bearer {}\r\n\r\n", user.token)
    };
    let post = |path: &str, headers: &str, length: usize, body: &str| {
        format!("POST {path} HTTP/1.1\r\n{host}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
    };
    let wrong = r#"{"email":"nobody@example.com","password":"a wrong password"}"#;
    let uploads = users.iter().map(|user| {
        let headers =
            format!("Authorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=x\r\n", user.token);
        post("/api/images", &headers, 10_000_000, "--x\r\n")
    });
    let upgrade = users.iter().map(|user| {
        format!(
            "GET /api/ws HTTP/1.1\r\n{host}\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Sec-WebSocket-Protocol: sora.v1\r\n\r\n",
            user.token
        )
    });
    let description = get("/api/openapi.json", &users[0]);
    let search = get("/api/videos/jobs?search=umbrella&limit=50", &users[0]);
    let sign_in = post("/api/auth/login", "Content-Type: application/json\r\n", wrong.len(), wrong);
    let unfinished = post("/api/auth/login", "Content-Type: application/json\r\n", 5_000, "{");
    let floods: [(&str, usize, Vec<Client>); 8] = [
        ("nothing", 0, vec![Client::Silent]),
        ("4,096 that read no response", 4_096, vec![Client::Unread(description.repeat(64))]),
        ("4,300 silent", 4_300, vec![Client::Silent]),
        ("4,300 send the first byte of a body", 4_300, vec![Client::Unread(unfinished)]),
        ("64 sign in with a wrong password", 64, vec![Client::Repeating(sign_in)]),
        ("80 slow uploads of 10 users", 80, uploads.map(Client::Slow).collect()),
        ("50 search 100,000 jobs", 50, vec![Client::Repeating(search)]),
        ("20 sockets send endless fragments", 20, upgrade.map(|head| Client::Endless(head, FRAGMENT)).collect()),
    ];
    println!("floods: {} s each; times until responses to another client", arguments.seconds);
    let mine = get("/api/videos/jobs?limit=20", &users[1]);
    let livez = format!("GET /livez HTTP/1.1\r\n{host}\r\n\r\n");
    let address = SocketAddr::from(([127, 0, 0, 1], platform.port));
    for (name, connections, clients) in floods {
        let flood = start(address, connections, &clients);
        // The connections are opened meanwhile.
        sleep(Duration::from_secs(1)).await;
        let until = Instant::now() + Duration::from_secs(arguments.seconds);
        let ((livez, livez_failed), (mine, mine_failed), peak) =
            tokio::join!(probe(address, &livez, until), probe(address, &mine, until), peak_memory(platform, until));
        println!("  {name}: gateway at most {} MiB", peak? >> 20);
        println!("    /livez        {}  failed {livez_failed}", livez.summary());
        println!("    list of jobs  {}  failed {mine_failed}", mine.summary());
        drop(flood);
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Opens the connections; dropping the set closes them.
fn start(address: SocketAddr, connections: usize, clients: &[Client]) -> JoinSet<anyhow::Result<()>> {
    (0..connections)
        .map(|number| {
            let (client, source) = (clients[number % clients.len()].clone(), 2 + number % ADDRESSES);
            async move {
                loop {
                    // A connection that the gateway refuses or closes is opened again.
                    let _ = flood(address, source, &client).await;
                    sleep(Duration::from_millis(100)).await;
                }
            }
        })
        .collect()
}

async fn flood(address: SocketAddr, source: usize, client: &Client) -> anyhow::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    socket.bind(format!("127.0.0.{source}:0").parse()?)?;
    let mut connection = socket.connect(address).await?;
    let mut response = [0; 16 * 1024];
    match client {
        Client::Unread(requests) => {
            connection.write_all(requests.as_bytes()).await?;
            std::future::pending().await
        }
        Client::Silent => loop {
            anyhow::ensure!(connection.read(&mut response).await? > 0, "closed");
        },
        Client::Repeating(request) => loop {
            connection.write_all(request.as_bytes()).await?;
            read_response(&mut connection).await?;
        },
        Client::Slow(request) => {
            connection.write_all(request.as_bytes()).await?;
            let mut tick = interval(Duration::from_secs(1));
            loop {
                tick.tick().await;
                connection.write_all(b"-").await?;
            }
        }
        Client::Endless(request, bytes) => {
            connection.write_all(request.as_bytes()).await?;
            anyhow::ensure!(connection.read(&mut response).await? > 0, "closed");
            let many = bytes.repeat(1_000);
            loop {
                connection.write_all(&many).await?;
            }
        }
    }
}

/// Sends a request again and again, each time on a new connection, as a health check does. Returns the times and the number
/// of failures.
async fn probe(address: SocketAddr, request: &str, until: Instant) -> (Latencies, usize) {
    let (mut latencies, mut failed) = (Latencies::default(), 0);
    while Instant::now() < until {
        let began = Instant::now();
        match timeout(PROBE_TIMEOUT, answered(address, request)).await {
            Ok(Ok(())) => latencies.add(began.elapsed()),
            Ok(Err(_)) | Err(_) => failed += 1,
        }
        sleep(PROBE_INTERVAL).await;
    }
    (latencies, failed)
}

async fn answered(address: SocketAddr, request: &str) -> anyhow::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(request.as_bytes()).await?;
    let head = read_response(&mut connection).await?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "the response is {head}");
    Ok(())
}

/// Reads a response with a `Content-Length` completely. Returns its head.
async fn read_response(connection: &mut TcpStream) -> anyhow::Result<String> {
    let (mut received, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = connection.read(&mut chunk).await?;
        anyhow::ensure!(read > 0, "closed");
        received.extend_from_slice(&chunk[..read]);
        let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
        let length: usize = length.context("the response has no Content-Length")?.trim().parse()?;
        if received.len() >= end + 4 + length {
            return Ok(head);
        }
    }
}

async fn peak_memory(platform: &Platform, until: Instant) -> anyhow::Result<u64> {
    let mut peak = 0;
    while Instant::now() < until {
        peak = peak.max(platform.gateway()?.memory()?);
        sleep(Duration::from_millis(200)).await;
    }
    Ok(peak)
}
