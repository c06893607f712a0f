//! The server as a value: bind, tell the address, serve until told to stop.
//!
//! Stopping is prompt: open streams are torn, as by an upstream that goes down, and nothing is waited for beyond [`GRACE`].

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
use crate::http::connection::{Exchange, Line};
use crate::router::router;
use crate::stats::counters::{Counts, Ledger, Stats};
use crate::videos::generations::Jobs;

/// How long connections that say nothing may hold up a stop.
const GRACE: Duration = Duration::from_secs(1);

/// A simulator that has its port, and serves once told to.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// A simulator that serves in the background, until it is dropped.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    task: JoinHandle<io::Result<()>>,
    stop: DropGuard,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// Where this server is, without a trailing slash.
    pub(crate) url: String,
    pub(crate) ledger: Arc<Ledger>,
    /// The generations of the `videos` dialect.
    pub(crate) jobs: Jobs,
    /// Cancelled when the server stops: streams end on it.
    pub(crate) stopping: CancellationToken,
}

impl Simulator {
    /// Takes the port.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", reachable(listener.local_addr()?));
        let shared = Shared {
            config,
            url,
            ledger: Arc::new(Ledger::new()),
            jobs: Jobs::new(),
            stopping: CancellationToken::new(),
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Binds, and serves in a background task of the current runtime.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn start(config: Config) -> io::Result<Running> {
        let simulator = Self::bind(config).await?;
        let shared = Arc::clone(&simulator.shared);
        let stop = CancellationToken::new();
        let task = tokio::spawn(simulator.serve(stop.clone().cancelled_owned()));
        Ok(Running { shared, task, stop: stop.drop_guard() })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Its `chat` endpoint: what `SORA_API_URL` takes.
    pub fn chat_url(&self) -> String {
        self.shared.chat_url()
    }

    /// Its `videos` endpoint: what `SORA_API_URL` takes for the other dialect.
    pub fn videos_url(&self) -> String {
        self.shared.videos_url()
    }

    /// Serves until `shutdown` is done, then tears what is open.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let stopping = self.shared.stopping.clone();
        let stop = {
            let stopping = stopping.clone();
            async move {
                shutdown.await;
                stopping.cancel();
            }
        };
        let service = router(self.shared).into_make_service_with_connect_info::<Line>();
        let server = axum::serve(Exchange(self.listener), service).with_graceful_shutdown(stop);
        let overdue = async {
            stopping.cancelled().await;
            sleep(GRACE).await;
        };
        tokio::select! {
            served = server => served,
            () = overdue => Ok(()),
        }
    }
}

impl Running {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Its `chat` endpoint: what `SORA_API_URL` takes.
    pub fn chat_url(&self) -> String {
        self.shared.chat_url()
    }

    /// Its `videos` endpoint: what `SORA_API_URL` takes for the other dialect.
    pub fn videos_url(&self) -> String {
        self.shared.videos_url()
    }

    /// All counts.
    pub fn stats(&self) -> Stats {
        self.shared.ledger.stats()
    }

    /// The counts of one prompt, character for character.
    pub fn stats_of(&self, prompt: &str) -> Counts {
        self.shared.ledger.stats_of(prompt)
    }

    /// Zeroes the counts, also those behind `FORM*N`.
    pub fn reset(&self) {
        self.shared.ledger.reset();
    }

    /// Stops, and returns when the port is free again.
    ///
    /// # Errors
    /// If serving had failed.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.stop);
        self.task.await?
    }
}

impl Shared {
    fn chat_url(&self) -> String {
        format!("{}/v1/chat/completions", self.url)
    }

    fn videos_url(&self) -> String {
        format!("{}/v1/videos", self.url)
    }
}

/// The address for clients on this machine: one that listens everywhere is reached over the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
