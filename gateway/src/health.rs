//! Liveness and readiness probes.
//!
//! Only the database and its schema version decide readiness: without Redis, `POST /api/videos` still answers 202, because
//! the row is the outbox. Redis and storage are reported, and whether the database can be written to: while it cannot, videos
//! can still be watched.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use service::metrics::Metric;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::metrics;
use crate::state::Gateway;

/// Response of the liveness probe.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// Always `alive`.
    pub(crate) status: &'static str,
}

/// Response of the readiness probe; each dependency is `up` or `down`, or partly so.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Readiness {
    /// `ready`, or `unready` while the database is `down`.
    pub(crate) status: &'static str,
    /// The database: `up`, `unwritable` if it can only be read, as on a full disk, or `down`, also if it has another schema
    /// version.
    pub(crate) database: &'static str,
    /// Redis; `down` also if it refuses writes.
    pub(crate) redis: &'static str,
    /// Why Redis cannot be used, while it is `down`: `unreachable`, `replica`, `loading`, `out of memory`, `cannot save`,
    /// `no replicas`, `access denied` or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redis_fault: Option<&'static str>,
    /// Whether Redis may delete keys of the queue when its memory is full, which its `maxmemory-policy` must prevent.
    pub(crate) redis_evicts: bool,
    /// The storage of videos and images; `down` also if it can only be read.
    pub(crate) storage: &'static str,
}

/// Check that the process is alive
#[utoipa::path(
    get, path = "/livez", operation_id = "isAlive", tag = "Server",
    responses((status = 200, description = "The process responds.", body = Alive)),
)]
pub(crate) async fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Alive { status: "alive" })).into_response()
}

/// Check that the process can serve requests
///
/// It can without Redis, because the database holds everything that is accepted.
#[utoipa::path(
    get, path = "/readyz", operation_id = "isReady", tag = "Server",
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "The database is down or has another schema.", body = Readiness),
    ),
)]
pub(crate) async fn ready(State(gateway): State<Gateway>) -> Response {
    let (ready, body) = readiness(&gateway).await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Whether the service works, and its version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    #[serde(flatten)]
    readiness: Readiness,
    /// Version of the gateway.
    version: &'static str,
}

/// Get the health of the service
///
/// The same as `GET /readyz`, under the path that reverse proxies forward. Needs no account.
#[utoipa::path(
    get, path = "/api/health", operation_id = "readHealth", tag = "Server",
    responses(
        (status = 200, description = "Ready.", body = Health),
        (status = 503, description = "The database is down or has another schema.", body = Health),
    ),
)]
pub(crate) async fn health(State(gateway): State<Gateway>) -> Response {
    let (ready, readiness) = readiness(&gateway).await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Health { readiness, version: env!("CARGO_PKG_VERSION") };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Serves the same probes, and the metrics, on the metrics port.
impl service::probe::Probe for Gateway {
    const METRICS: &'static [Metric] = metrics::METRICS;

    async fn readiness(&self) -> (bool, Value) {
        let (ready, body) = readiness(self).await;
        (ready, serde_json::to_value(body).unwrap_or_default())
    }

    async fn update_gauges(&self) {
        crate::metrics::update_gauges(self).await;
    }
}

async fn readiness(gateway: &Gateway) -> (bool, Readiness) {
    let bound = gateway.config.http.timeouts.probe;
    let (database, written, redis_fault, redis_evicts, storage) = tokio::join!(
        timeout(bound, entity::schema::check(&gateway.db)),
        timeout(bound, gateway.write_check.run(&gateway.db)),
        gateway.bus.fault(bound),
        gateway.bus.evicts(bound),
        timeout(bound, async { gateway.storage().await.is_ok() && gateway.storage.ping().await.is_ok() }),
    );
    let ready = matches!(database, Ok(Ok(())));
    let body = Readiness {
        status: if ready { "ready" } else { "unready" },
        database: match written {
            Ok(Ok(())) => up_or_down(ready),
            _ if ready => "unwritable",
            _ => "down",
        },
        redis: up_or_down(redis_fault.is_none()),
        redis_fault,
        redis_evicts,
        storage: up_or_down(matches!(storage, Ok(true))),
    };
    (ready, body)
}

fn up_or_down(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}
