//! The server: bind, then serve until asked to stop.
//!
//! Stopping is fast: open streams are cut, as when an upstream goes down, and no connection delays the stop for longer
//! than [`STOP_TIMEOUT`].

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Config;
use crate::http::connection::{AbortableListener, ConnectionHandle};
use crate::router::router;
use crate::state::AppState;
use crate::stats::counters::{Counts, Stats};

/// Longest time that idle connections may delay a stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// A simulator that is bound to its port and not yet serving.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    app: Arc<AppState>,
}

/// A simulator that serves in the background until it is dropped.
#[derive(Debug)]
pub struct SimulatorHandle {
    app: Arc<AppState>,
    task: JoinHandle<io::Result<()>>,
    stop: DropGuard,
}

impl Simulator {
    /// Binds the listening address.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", reachable(listener.local_addr()?));
        Ok(Self { listener, app: Arc::new(AppState::new(config, url)) })
    }

    /// Binds, and serves in a background task of the current runtime.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn start(config: Config) -> io::Result<SimulatorHandle> {
        let simulator = Self::bind(config).await?;
        let app = Arc::clone(&simulator.app);
        let stop = CancellationToken::new();
        let task = tokio::spawn(simulator.serve(stop.clone().cancelled_owned()));
        Ok(SimulatorHandle { app, task, stop: stop.drop_guard() })
    }

    /// Base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.app.url
    }

    /// URL of the `chat` endpoint, as `SORA_API_URL` expects it.
    pub fn chat_url(&self) -> String {
        self.app.chat_url()
    }

    /// URL of the `videos` endpoint, as `SORA_API_URL` expects it.
    pub fn videos_url(&self) -> String {
        self.app.videos_url()
    }

    /// Serves until `shutdown` completes, then cuts open connections.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let stopping = self.app.stopping.clone();
        let stop = {
            let stopping = stopping.clone();
            async move {
                shutdown.await;
                stopping.cancel();
            }
        };
        let service = router(self.app).into_make_service_with_connect_info::<ConnectionHandle>();
        let server = axum::serve(AbortableListener(self.listener), service).with_graceful_shutdown(stop);
        let timeout = async {
            stopping.cancelled().await;
            sleep(STOP_TIMEOUT).await;
        };
        tokio::select! {
            served = server => served,
            () = timeout => Ok(()),
        }
    }
}

impl SimulatorHandle {
    /// Base URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.app.url
    }

    /// URL of the `chat` endpoint, as `SORA_API_URL` expects it.
    pub fn chat_url(&self) -> String {
        self.app.chat_url()
    }

    /// URL of the `videos` endpoint, as `SORA_API_URL` expects it.
    pub fn videos_url(&self) -> String {
        self.app.videos_url()
    }

    /// All counts.
    pub fn stats(&self) -> Stats {
        self.app.counters.stats()
    }

    /// Counts of the requests with exactly this prompt.
    pub fn stats_of(&self, prompt: &str) -> Counts {
        self.app.counters.stats_of(prompt)
    }

    /// Zeroes the counts, including those behind `FORM*N`.
    pub fn reset(&self) {
        self.app.counters.reset();
    }

    /// Stops the server; returns when the port is free again.
    ///
    /// # Errors
    /// If serving failed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.stop);
        self.task.await?
    }
}

/// Replaces a wildcard address by the loopback address, which clients on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
