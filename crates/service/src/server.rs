//! Serves HTTP connections within bounds that no client can use up for the others.
//!
//! Time is limited while a request's headers are read and while a response is written. The number of connections is limited
//! in total and per address; at a limit, the connection that has made no progress for the longest time is closed, unless its
//! client has sent everything and waits for the server. A websocket counts here until it is upgraded.

mod body;
mod connections;
mod handover;
mod stream;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::server::connections::{Admission, Connections};
use crate::server::stream::Stream;

pub use body::BodyWait;
pub use connections::network;
pub use stream::ReadLimit;

/// At shutdown, time for a new connection to send its first request: its client cannot know of the shutdown.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause after `accept` fails and no connection can be closed, usually because file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(250);

/// Number of connections to close when file descriptors have run out.
const EVICTION_BATCH: usize = 16;

/// Pause until their descriptors are free.
const EVICTION_PAUSE: Duration = Duration::from_millis(10);

/// Maximum number of connections that the kernel queues until they are accepted.
const BACKLOG: u32 = 4_096;

/// Maximum size of the buffer for a request's headers, and of that for a response, in bytes.
const MAX_BUFFER: usize = 64 * 1024;

/// Limits of a server.
#[derive(Clone)]
pub struct Limits {
    /// Maximum number of open connections, not counting websockets.
    pub connections: usize,
    /// The same per IPv4 address or IPv6 /64.
    pub connections_per_address: usize,
    /// Addresses without the limit per address: proxies, which send requests of many clients.
    pub exempt: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Time from the start of a connection, or the end of the previous request, to the end of a request's headers.
    pub head: Duration,
    /// Time in which a client must take some part of a response that waits for it.
    pub stall: Duration,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// Listens on `address`. With `share`, other gateways of the same system user may listen there too; the kernel distributes
/// new connections among them.
///
/// # Errors
/// Fails if the address is in use or not local.
pub fn bind(address: SocketAddr, share: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(share)?;
    bound_send_queue(&socket);
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Maximum number of unsent bytes per connection in the kernel. The rest waits here, where it is known to wait; without this
/// limit each client that does not read can hold megabytes.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 16 * 1024;

/// Sets the limit; accepted connections inherit it.
#[cfg(target_os = "linux")]
fn bound_send_queue(socket: &TcpSocket) {
    if let Err(error) = socket2::SockRef::from(socket).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::warn!(%error, "could not set TCP_NOTSENT_LOWAT");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_send_queue(_: &TcpSocket) {}

/// Serves `router` until `stop` is cancelled, then finishes open requests, and those of connections that the kernel had
/// begun for this listener, which another listener on the port would not get.
///
/// # Errors
/// Fails if the listener cannot be read.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) -> io::Result<()> {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_BUFFER);
    let (connections, tasks) = (Connections::new(&limits), TaskTracker::new());
    let server = Server { router, protocol, limits, stop: stop.clone(), connections, tasks };
    server.accept_until(&listener, stop.cancelled()).await;
    if handover::is_shared(&listener) && handover::leave_new_connections(&listener) {
        server.accept_until(&listener, sleep(handover::HANDSHAKE_TIMEOUT)).await;
    }
    for (stream, peer) in accept_backlog(listener)? {
        server.start(stream, peer);
    }
    server.tasks.close();
    server.tasks.wait().await;
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
    limits: Limits,
    stop: CancellationToken,
    connections: Connections,
    tasks: TaskTracker,
}

impl Server {
    /// Accepts connections until `until` completes.
    async fn accept_until(&self, listener: &TcpListener, until: impl Future<Output = ()>) {
        let mut until = pin!(until);
        loop {
            let accepted = tokio::select! { accepted = listener.accept() => accepted, () = until.as_mut() => return };
            match accepted {
                Ok((stream, peer)) => self.start(stream, peer),
                Err(error) if is_connection_error(&error) => {}
                Err(error) if self.connections.evict(EVICTION_BATCH) > 0 => {
                    tracing::warn!(%error, "could not accept a connection; closed idle ones");
                    sleep(EVICTION_PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(%error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves a connection in a task of its own, or closes it if there are too many that cannot be closed.
    fn start(&self, stream: TcpStream, peer: SocketAddr) {
        let counted = !(self.limits.exempt)(peer.ip());
        if let Some(admission) = self.connections.admit(counted.then(|| network(peer.ip()))) {
            self.tasks.spawn(self.clone().serve_connection(stream, peer, admission));
        }
    }

    /// Serves the requests of one connection until it closes. After `stop`, only the current request is finished.
    async fn serve_connection(self, stream: TcpStream, peer: SocketAddr, admission: Admission) {
        let Self { router, protocol, limits, stop, .. } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let requested = CancellationToken::new();
        let (mark_requested, activity, read_limit) = (requested.clone(), admission.activity(), ReadLimit::default());
        let of_request = read_limit.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            mark_requested.cancel();
            let mut request = body::watched(request, activity.body_wait());
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(of_request.clone());
            let (router, handling) = (router.clone(), activity.start_handling());
            async move {
                let response = router.oneshot(request).await;
                drop(handling);
                response
            }
        });
        let stream = TokioIo::new(Stream::new(stream, limits.stall, admission.activity(), read_limit));
        let mut connection = pin!(protocol.serve_connection(stream, service).with_upgrades());
        let stopping = async {
            stop.cancelled().await;
            timeout(FIRST_REQUEST_TIMEOUT, requested.cancelled()).await.ok();
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = admission.evicted() => return,
            () = stopping => {
                connection.as_mut().graceful_shutdown();
                tokio::select! { ended = connection => ended, () = admission.evicted() => return }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection closed with an error");
        }
    }
}

/// Whether the error concerns only the connection that was about to be accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
