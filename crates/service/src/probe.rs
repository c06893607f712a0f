//! Serves health probes and metrics on a port separate from user traffic.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{Router, get};
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::metrics::{self, Metric};
use crate::server::{self, Limits};

/// What a process reports to health probes and metrics scrapers.
pub trait Probe: Clone + Send + Sync + 'static {
    /// Metrics of the process.
    const METRICS: &'static [Metric];

    /// Returns whether the process is ready, with details about its dependencies.
    fn readiness(&self) -> impl Future<Output = (bool, Value)> + Send;

    /// Updates the gauges; called before each scrape.
    fn update_gauges(&self) -> impl Future<Output = ()> + Send;
}

/// Why the probe server did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be bound.
    #[error("METRICS_LISTEN: cannot listen on {0}")]
    Bind(SocketAddr, #[source] io::Error),
    /// A metrics recorder is already installed.
    #[error("cannot install the metrics recorder")]
    Metrics(#[from] BuildError),
}

/// Why a health check failed.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// No response from the address.
    #[error("no response from {0}: {1}")]
    NoAnswer(SocketAddr, #[source] io::Error),
    /// The process responded that it is not ready.
    #[error("{0} responded {1:?} to /readyz")]
    NotReady(SocketAddr, String),
}

/// Interval between two runs of the recorder's upkeep.
const UPKEEP: Duration = Duration::from_secs(5);

/// Timeout of [`healthcheck`].
const PATIENCE: Duration = Duration::from_secs(5);

/// Requests `/readyz` from the process that listens on `address` on the same machine. For containers that have neither
/// a shell nor an HTTP client.
pub async fn healthcheck(address: SocketAddr) -> Result<(), Unhealthy> {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(host, address.port());
    let asked = timeout(PATIENCE, status_line(address)).await;
    let line = asked.unwrap_or_else(|late| Err(late.into())).map_err(|error| Unhealthy::NoAnswer(address, error))?;
    if line.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(Unhealthy::NotReady(address, line)) }
}

async fn status_line(address: SocketAddr) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut line = String::new();
    stream.take(1024).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}

/// Pause before retrying to bind an address that is in use.
const TAKEN: Duration = Duration::from_millis(500);

/// Serves `/livez`, `/readyz` and `/metrics` on `address` until the returned handle is dropped. If the address is in
/// use, for example by the process that this one replaces, retries until it is free.
pub async fn start<P: Probe>(address: SocketAddr, process: P) -> Result<AbortOnDropHandle<()>, Error> {
    let metrics = metrics::record(P::METRICS)?;
    let listener = match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
        bound => Some(bound.map_err(|error| Error::Bind(address, error))?),
    };
    let router = router(process, metrics.clone());
    let serving = async move {
        let listener = match listener {
            Some(listener) => listener,
            None => freed(address).await,
        };
        tracing::info!(%address, "serving probes and metrics");
        let never = CancellationToken::new();
        if let Err(error) = server::serve(listener, router, limits(), never).await {
            tracing::error!(%error, "stopped serving probes and metrics");
        }
    };
    // Histogram samples stay in memory until upkeep sorts them into buckets, even if metrics are never scraped.
    let sorting = async move {
        loop {
            sleep(UPKEEP).await;
            metrics.run_upkeep();
        }
    };
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        tokio::select! { () = serving => {}, () = sorting => {} }
    })))
}

/// Only probes and scrapers connect here: a few connections, each with one small response.
fn limits() -> Limits {
    Limits {
        connections: 64,
        connections_per_address: 64,
        exempt: Arc::new(|_| false),
        head: Duration::from_secs(5),
        stall: Duration::from_secs(5),
    }
}

/// Waits until `address` can be bound.
async fn freed(address: SocketAddr) -> TcpListener {
    tracing::warn!(%address, "METRICS_LISTEN is in use; retrying until it is free");
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => sleep(TAKEN).await,
        }
    }
}

fn router<P: Probe>(process: P, metrics: PrometheusHandle) -> Router {
    let asked = process.clone();
    let ready = async move || {
        let (ready, detail) = asked.readiness().await;
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({"status": if ready { "ready" } else { "unready" }, "detail": detail})))
    };
    let exposed = async move || {
        process.update_gauges().await;
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
    };
    Router::new()
        .route("/livez", get(async || Json(json!({"status": "alive"}))))
        .route("/readyz", get(ready))
        .route("/metrics", get(exposed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinHandle;

    async fn answering(status: StatusCode) -> (SocketAddr, JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/readyz", get(async move || status));
        (address, tokio::spawn(async move { axum::serve(listener, router).await }))
    }

    #[tokio::test]
    async fn healthcheck_distinguishes_ready_unready_and_no_response() {
        let (ready, _serving) = answering(StatusCode::OK).await;
        healthcheck(ready).await.unwrap();
        let (unready, serving) = answering(StatusCode::SERVICE_UNAVAILABLE).await;
        let error = healthcheck(unready).await.unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        serving.abort();
        serving.await.unwrap_err();
        assert!(matches!(healthcheck(unready).await, Err(Unhealthy::NoAnswer(..))));
    }

    #[derive(Clone)]
    struct Idle;

    impl Probe for Idle {
        const METRICS: &'static [Metric] =
            &[Metric::counter("jobs_total", "Jobs.").with_label("outcome", &["completed"])];

        async fn readiness(&self) -> (bool, Value) {
            (true, Value::Null)
        }

        async fn update_gauges(&self) {}
    }

    #[tokio::test]
    async fn binds_an_address_in_use_once_it_is_free() {
        let (address, before) = answering(StatusCode::SERVICE_UNAVAILABLE).await;
        let _probe = start(address, Idle).await.unwrap();
        assert!(healthcheck(address).await.is_err());
        before.abort();
        before.await.unwrap_err();
        while healthcheck(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
