//! The HTTP and websocket edge: accounts, the API, live progress, and the page itself.
//!
//! A gateway keeps no state that is not in the database: it can be killed at any time, and any number of them can run
//! side by side. They notify each other over Redis; a lost notification delays a change by seconds.
//!
//! | module | role |
//! |---|---|
//! | `router` | all routes, and the layers around them |
//! | `http` | what surrounds every request: ids, log, limits, timeouts, host and origin checks, bodies, static files |
//! | `error` | every error of the API, with its status and code |
//! | `config`, `state` | the configuration; what handlers share |
//! | `auth`, `keys` | accounts, sessions, API keys |
//! | `videos`, `images` | jobs, videos and share links; reference images |
//! | `live` | websockets |
//! | `webhooks` | webhook endpoints and their deliveries |
//! | `admin` | administration |
//! | `openai` | OpenAI's Videos API below `/v1`, translated to the modules above |
//! | `mcp` | the tools that assistants call |
//! | `openapi` | the OpenAPI document and its page |
//! | `health`, `metrics` | probes and metrics |
//! | `command` | subcommands |
//! | `batch` | statements and commands that concurrent requests share |
//! | `fair_queue`, `fair_slots`, `cpu_pool`, `heavy_query` | scarce resources, shared fairly among clients |
//! | `secret` | signatures and random secrets |

mod admin;
mod auth;
mod command;
mod config;
mod costs;
mod cpu_pool;
mod error;
mod fair_queue;
mod fair_slots;
mod health;
mod heavy_query;
mod http;
mod images;
mod keys;
mod live;
mod mcp;
mod metrics;
mod openai;
mod openapi;
mod router;
mod secret;
mod state;
mod videos;
mod webhooks;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use service::server::{self, Limits};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use auth::{PasswordError, setup_token};
pub use command::{Arguments, Command, CommandError};
pub use config::{
    Auth, Background, Config, Connections, Http, Quotas, Rates, Registration, SocketTimings, Sockets, Timeouts,
};
pub use http::trusted_proxies::TrustedProxies;
pub use router::document;
pub use service::server::bind;
pub use state::{Gateway, StartError};

/// Serves on `listener` until `shutdown` is cancelled, then waits for open requests and websockets up to the drain timeout.
///
/// # Errors
/// Fails if the listener fails, or if the task that relays live progress ends unexpectedly.
pub async fn run(listener: TcpListener, gateway: Gateway, shutdown: CancellationToken) -> io::Result<()> {
    let mut live = tokio::spawn(live::run(gateway.clone()));
    let drain = gateway.config.http.timeouts.drain;
    let (started, shutdown_requested) = (gateway.shutdown.started.clone(), shutdown.clone());
    tokio::spawn(async move {
        shutdown_requested.cancelled().await;
        started.cancel();
    });
    let served = tokio::select! {
        served = server::serve(listener, router::router(gateway.clone()), server_limits(&gateway), shutdown.clone()) => served,
        () = drain_deadline(&shutdown, drain) => Ok(()),
        // Without the relay the process would look healthy and send no updates: exit, so that it is restarted.
        ended = &mut live => Err(io::Error::other(format!("the relay of live progress ended unexpectedly: {ended:?}"))),
    };
    drain_tasks(&gateway, drain).await;
    live.abort();
    served
}

fn server_limits(gateway: &Gateway) -> Limits {
    let http = &gateway.config.http;
    let proxies = http.trusted_proxies.clone();
    Limits {
        connections: http.connections.total,
        connections_per_address: http.connections.per_address,
        exempt: Arc::new(move |address| proxies.contains(address)),
        head: http.timeouts.head,
        stall: http.timeouts.stall,
    }
}

/// Returns when the drain timeout has passed since `shutdown`. Downloads that take longer are cut off.
async fn drain_deadline(shutdown: &CancellationToken, drain: Duration) {
    shutdown.cancelled().await;
    sleep(drain).await;
}

/// Waits for websockets to close and for background tasks such as enqueueing a committed job.
async fn drain_tasks(gateway: &Gateway, drain: Duration) {
    gateway.shutdown.started.cancel();
    gateway.shutdown.tasks.close();
    if timeout(drain, gateway.shutdown.tasks.wait()).await.is_err() {
        tracing::warn!(left = gateway.shutdown.tasks.len(), "stopping with tasks still running");
    }
}
