//! A port of its own for whoever watches a process: probes and metrics, apart from what users reach.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::{Router, get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Answers whether the process is ready, and what it knows of what it depends on.
pub trait Readiness: Clone + Send + Sync + 'static {
    /// Asks now.
    fn ask(&self) -> impl Future<Output = (bool, Value)> + Send;
}

impl<Ask, Answer> Readiness for Ask
where
    Ask: Fn() -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = (bool, Value)> + Send,
{
    fn ask(&self) -> impl Future<Output = (bool, Value)> + Send {
        self()
    }
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

/// Serves `/livez`, `/readyz` and `/metrics` on `address` until the answer is dropped.
///
/// # Errors
/// [`Error`].
pub async fn start(address: SocketAddr, readiness: impl Readiness) -> Result<AbortOnDropHandle<()>, Error> {
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let listener = TcpListener::bind(address).await.map_err(|error| Error::Bind(address, error))?;
    let ready = async move || {
        let (ready, detail) = readiness.ask().await;
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({"status": if ready { "ready" } else { "unready" }, "detail": detail})))
    };
    let router = Router::new()
        .route("/livez", get(async || Json(json!({"status": "alive"}))))
        .route("/readyz", get(ready))
        .route(
            "/metrics",
            get(async move || {
                metrics.run_upkeep();
                metrics.render()
            }),
        );
    tracing::info!(%address, "probes and metrics");
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "probes and metrics are no longer served");
        }
    })))
}
