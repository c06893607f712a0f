//! The HTTP and websocket edge: accounts, the native API, live progress, and the page itself.
//!
//! Nothing is kept here that the database does not have: a gateway can be killed at any instant, and any number of them
//! can serve side by side. What they tell each other goes over the bus, and losing it costs seconds only.
//!
//! | module | role |
//! |---|---|
//! | `router` | the whole URL space on one screen |
//! | `error` | the only place that chooses a status; every refusal is a problem document |
//! | `request` | what holds for every request: its id, its span, its log line, its headers |
//! | `body`, `query`, `path` | reading JSON, parameters and ids: all mistakes at once, unknown fields refused by name |
//! | `auth` | accounts, sessions, who is asking |
//! | `address`, `throttle`, `doors`, `cores` | where from, and how much at a time |
//! | `keys` | API keys |
//! | `videos` | jobs and what came of them |
//! | `images` | pictures that videos start from |
//! | `admin` | steering the platform |
//! | `openapi` | the API's own description, and a page to try it |
//! | `command` | what the program does besides serving |
//! | `live` | the websocket |
//! | `web`, `health`, `measures` | the page; the probes; the metrics |

mod admin;
mod auth;
mod command;
mod config;
mod cpu_pool;
mod error;
mod health;
mod http;
mod images;
mod keys;
mod live;
mod metrics;
mod openapi;
mod router;
mod secret;
mod state;
mod videos;

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use auth::{PasswordError, setup_token};
pub use command::{Arguments, Command, CommandError};
pub use config::{
    Auth, Background, Catalogue, Config, Http, Quotas, Rates, Registration, Size, SocketTimings, Sockets, Timeouts,
};
pub use http::serve::bind;
pub use http::trusted_proxies::TrustedProxies;
pub use openapi::document;
pub use state::{Gateway, StartError};

/// Serves on `listener` until `shutdown`; then lets what is under way finish, for a bounded time.
///
/// # Errors
/// The listener failed.
pub async fn run(listener: TcpListener, gateway: Gateway, shutdown: CancellationToken) -> io::Result<()> {
    let mut live = tokio::spawn(live::run(gateway.clone()));
    let drain = gateway.config.http.timeouts.drain;
    bound_send_queues(&listener);
    let (started, shutdown_requested) = (gateway.shutdown.started.clone(), shutdown.clone());
    tokio::spawn(async move {
        shutdown_requested.cancelled().await;
        started.cancel();
    });
    let served = tokio::select! {
        served = http::serve::serve(listener, router::router(gateway.clone()), gateway.config.http.timeouts.head, shutdown.clone()) => served,
        () = drain_deadline(&shutdown, drain) => Ok(()),
        // Deaf, and ready all the same: whoever watches over the process has to start another one.
        ended = &mut live => Err(io::Error::other(format!("the relay of live progress ended by itself: {ended:?}"))),
    };
    drain_tasks(&gateway, drain).await;
    live.abort();
    served
}

/// Most bytes that the kernel holds unsent for one connection. What a client does not take waits in its outbox instead,
/// where newer states replace older ones; without the bound hundreds of stalled clients hide megabytes each.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 16 * 1024;

/// Accepted connections inherit the bound.
#[cfg(target_os = "linux")]
fn bound_send_queues(listener: &TcpListener) {
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::warn!(%error, "TCP_NOTSENT_LOWAT was refused");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_send_queues(_: &TcpListener) {}

/// Returns a while after `shutdown`: a download that takes longer is cut.
async fn drain_deadline(shutdown: &CancellationToken, drain: Duration) {
    shutdown.cancelled().await;
    sleep(drain).await;
}

/// Waits for the websockets, which have been sent away, and for jobs that are being enqueued.
async fn drain_tasks(gateway: &Gateway, drain: Duration) {
    gateway.shutdown.started.cancel();
    gateway.shutdown.tasks.close();
    if timeout(drain, gateway.shutdown.tasks.wait()).await.is_err() {
        tracing::warn!(left = gateway.shutdown.tasks.len(), "stopping with websockets still open");
    }
}
