//! Probes: whether the process lives, and whether it can keep what it promises.
//!
//! Only the database and its schema decide readiness: without Redis a POST still answers 202, because the row is the
//! outbox. Redis and storage are reported.

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

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// `alive`.
    pub(crate) status: &'static str,
}

/// What the process needs, each `up` or `down`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `unready`; only the database decides.
    pub(crate) status: &'static str,
    /// The database, with a schema that this program knows.
    pub(crate) database: &'static str,
    /// The queue.
    pub(crate) redis: &'static str,
    /// Where videos lie.
    pub(crate) storage: &'static str,
}

/// Checks that the process is alive
#[utoipa::path(
    get, path = "/livez", operation_id = "isAlive", tag = "Server",
    responses((status = 200, description = "The process responds.", body = Alive)),
)]
pub(crate) async fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Alive { status: "alive" })).into_response()
}

/// Checks that the process can serve requests
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

/// The same on the port of probes and metrics.
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
    let (database, redis, storage) = tokio::join!(
        timeout(bound, entity::schema::check(&gateway.db)),
        timeout(bound, gateway.bus.ping()),
        timeout(bound, gateway.storage.ping()),
    );
    let ready = matches!(database, Ok(Ok(())));
    let body = Readiness {
        status: if ready { "ready" } else { "unready" },
        database: up_or_down(ready),
        redis: up_or_down(matches!(redis, Ok(Ok(())))),
        storage: up_or_down(matches!(storage, Ok(Ok(())))),
    };
    (ready, body)
}

fn up_or_down(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}
