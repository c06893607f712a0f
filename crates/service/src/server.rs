//! Accepts connections, up to a maximum number, with a time limit for each request's headers.
//!
//! Without the time limit, a client could hold all connections open without sending a request. A websocket counts here
//! until it is upgraded; then `live` counts it.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Maximum number of open connections, not counting websockets. More wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;

/// At shutdown, time for a new connection to send its first request: its client cannot know of the shutdown.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause after `accept` fails, usually because file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// Maximum number of connections that the kernel queues until they are accepted.
const BACKLOG: u32 = 1_024;

/// Listens on `address`. With `share`, other gateways of the same system user may listen there too; the kernel distributes
/// new connections among them.
///
/// # Errors
/// Fails if the address is in use or not local.
pub fn bind(address: SocketAddr, share: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(share)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `router` until `stop` is cancelled, then finishes open requests and those of connections still in the kernel's
/// queue, which another listener on the port would not get. `head` limits the time from the start of a connection, or the
/// end of the previous request, to the end of a request's headers.
///
/// # Errors
/// Fails if the listener cannot be read.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head: Duration,
    stop: CancellationToken,
) -> io::Result<()> {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(head);
    let server = Server { router, protocol, stop: stop.clone() };
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((permit, listener.accept().await))
        };
        let (permit, accepted) = tokio::select! { next = next => next?, () = stop.cancelled() => break };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(server.clone().serve_connection(stream, peer, permit));
            }
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                tracing::error!(%error, "could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    for (stream, peer) in accept_backlog(listener)? {
        let Ok(permit) = permits.clone().try_acquire_owned() else { break };
        connections.spawn(server.clone().serve_connection(stream, peer, permit));
    }
    connections.close();
    connections.wait().await;
    Ok(())
}

/// Stops listening. Returns the connections in the kernel's queue.
fn accept_backlog(listener: TcpListener) -> io::Result<Vec<(TcpStream, SocketAddr)>> {
    let listener = listener.into_std()?;
    let mut waiting = Vec::new();
    while let Ok((stream, peer)) = listener.accept() {
        stream.set_nonblocking(true)?;
        waiting.push((TcpStream::from_std(stream)?, peer));
    }
    Ok(waiting)
}

/// The state that all connections share.
#[derive(Clone)]
struct Server {
    router: Router,
    protocol: http1::Builder,
    stop: CancellationToken,
}

impl Server {
    /// Serves the requests of one connection until it closes. After `stop`, only the current request is finished.
    async fn serve_connection(self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let Self { router, protocol, stop } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let requested = CancellationToken::new();
        let mark_requested = requested.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            mark_requested.cancel();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = async { stop.cancelled().await; timeout(FIRST_REQUEST_TIMEOUT, requested.cancelled()).await.ok(); } => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection closed with an error");
        }
        drop(permit);
    }
}

/// Whether the error concerns only the connection that was about to be accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
