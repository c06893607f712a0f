//! A port of its own for whoever watches a process: probes and metrics, apart from what users reach.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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
use tokio_util::task::AbortOnDropHandle;

use crate::metrics::{self, Metric};

/// A process, as whoever watches it sees it.
pub trait Probe: Clone + Send + Sync + 'static {
    /// What it counts and measures.
    const METRICS: &'static [Metric];

    /// Whether it is ready, and what it knows of what it depends on.
    fn readiness(&self) -> impl Future<Output = (bool, Value)> + Send;

    /// Has its gauges show what is, because they are about to be read.
    fn update_gauges(&self) -> impl Future<Output = ()> + Send;
}

/// Why there is no such port.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be bound.
    #[error("METRICS_LISTEN: cannot listen on {0}")]
    Bind(SocketAddr, #[source] io::Error),
    /// Metrics are recorded elsewhere already.
    #[error("metrics cannot be recorded")]
    Metrics(#[from] BuildError),
}

/// Why a process counts as unhealthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Nobody answers there.
    #[error("nothing answers on {0}: {1}")]
    NoAnswer(SocketAddr, #[source] io::Error),
    /// Somebody answers that it is not ready.
    #[error("{0} answers {1:?} to /readyz")]
    NotReady(SocketAddr, String),
}

/// Between two sortings of what was measured.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long [`healthcheck`] waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `/readyz` of the process that listens on `address`, from the same machine: for containers that have neither a
/// shell nor an HTTP client.
///
/// # Errors
/// [`Unhealthy`].
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

/// How long an address that is taken is left alone.
const TAKEN: Duration = Duration::from_millis(500);

/// Serves `/livez`, `/readyz` and `/metrics` on `address` until the answer is dropped. An address that is still taken, as by
/// the process that this one is to replace, is served as soon as it is free.
///
/// # Errors
/// [`Error`].
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
        tracing::info!(%address, "probes and metrics");
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "probes and metrics are no longer served");
        }
    };
    // What is measured waits in memory until it is sorted into buckets, also when nobody asks for it.
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

/// Waits until `address` can be had.
async fn freed(address: SocketAddr) -> TcpListener {
    tracing::warn!(%address, "METRICS_LISTEN is taken; probes and metrics begin when it is free");
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
    async fn tells_the_ready_from_the_unready_and_the_silent() {
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
    async fn takes_an_address_over_as_soon_as_it_is_free() {
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
