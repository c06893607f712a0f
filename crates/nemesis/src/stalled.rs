//! Clients that send requests and never read the responses.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};

use crate::platform::Platform;

/// Number of connections.
const CONNECTIONS: usize = 200;

/// Requests per connection. Their responses exceed what the system buffers.
const REQUESTS: usize = 64;

/// Size of a connection's receive buffer, in bytes.
const BUFFER: u32 = 4_096;

/// Timeout for opening a connection and sending its requests.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum time until a gateway answers other clients.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Keeps connections open for `lasts` without reading, and checks that the gateway answers others in the meantime.
pub(crate) async fn stall(platform: &Platform, gateway: usize, lasts: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + lasts;
    let address = &platform.addresses[gateway];
    let token = &platform.administrator.token;
    let requests = |path: &str, times| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        request.repeat(times)
    };
    let (description, events) = (requests("/api/openapi.json", REQUESTS), requests("/api/events", 1));
    let to: SocketAddr = address.parse().context("the gateway's address")?;
    let opening = (0..CONNECTIONS).map(|n| open(to, if n % 2 == 0 { &description } else { &events }));
    let opened = futures::future::join_all(opening).await;
    let connections: Vec<TcpStream> = opened.into_iter().filter_map(Result::ok).collect();
    platform.log.note(format!("{} connections to {address} are not read", connections.len()));
    if let Err(error) = platform.administrator.read_description(address, ANSWER_TIMEOUT).await {
        platform.log.violation(format!("clients that do not read stop gateway-{gateway}: {error:#}"));
    }
    sleep_until(until).await;
    drop(connections);
    Ok(())
}

/// Opens a connection and sends as much of `requests` as the server accepts.
async fn open(to: SocketAddr, requests: &str) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER)?;
    let mut connection = timeout(SEND_TIMEOUT, socket.connect(to)).await??;
    match timeout(SEND_TIMEOUT, connection.write_all(requests.as_bytes())).await {
        Ok(Err(error)) => Err(error.into()),
        // A server that stops reading is part of the fault.
        Ok(Ok(())) | Err(_) => Ok(connection),
    }
}
