//! Accepting connections: at most so many at a time, and each has so long to say what it wants.
//!
//! Without the bound on time, a client that opens connections and says nothing keeps every one of them, until there are
//! none left for others. A websocket counts here until it is upgraded; then `live` counts it.

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

/// Connections at a time that are no websockets; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;

/// How long a connection that has not requested anything yet may still do so when no more are accepted: whoever has only just
/// connected cannot know.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// How long nothing is accepted after the system has refused to: it is out of files, and needs some to be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1_024;

/// Listens on `address`; with `share`, beside other gateways of the same system user, among which the system divides new
/// connections.
///
/// # Errors
/// The address cannot be had.
pub fn bind(address: SocketAddr, share: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(share)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `router` until `stop`, then lets what is under way finish, connections that wait to be accepted included:
/// whoever listens beside this one does not get them. From the beginning of a connection, or the end of the request
/// before, to the end of a request's head there is as much time as `head`.
///
/// # Errors
/// The listener cannot be read.
pub(crate) async fn serve(
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
                tracing::error!(%error, "no connection can be accepted");
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

/// Listens no more; what had connected by then.
fn accept_backlog(listener: TcpListener) -> io::Result<Vec<(TcpStream, SocketAddr)>> {
    let listener = listener.into_std()?;
    let mut waiting = Vec::new();
    while let Ok((stream, peer)) = listener.accept() {
        stream.set_nonblocking(true)?;
        waiting.push((TcpStream::from_std(stream)?, peer));
    }
    Ok(waiting)
}

/// What all connections share.
#[derive(Clone)]
struct Server {
    router: Router,
    protocol: http1::Builder,
    stop: CancellationToken,
}

impl Server {
    /// Answers the requests of one connection, until it closes or `stop` lets only the current one finish.
    async fn serve_connection(self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let Self { router, protocol, stop } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
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
            tracing::debug!(%error, "a connection broke off");
        }
        drop(permit);
    }
}

/// Whether only the connection that was about to be accepted is lost.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
