//! `GET /api/admin/stats`: how the platform stands.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use entity::clock::rfc3339;
use entity::{WorkerId, statistics};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Admin, NO_STORE};
use crate::error::ApiError;
use crate::state::Gateway;

/// A processor that is alive, or was until lately.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Worker {
    /// Key.
    pub(crate) id: WorkerId,
    /// The machine it runs on.
    pub(crate) host: String,
    /// RFC 3339, UTC.
    pub(crate) started_at: String,
    /// Past it, others may bury the worker; RFC 3339, UTC.
    pub(crate) lease_until: String,
    /// Jobs in hand.
    pub(crate) in_flight: u64,
}

/// How the platform stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statistics {
    /// Jobs that wait.
    pub(crate) waiting: u64,
    /// Jobs in the hands of workers.
    pub(crate) in_flight: u64,
    /// Jobs that completed within 24 hours.
    pub(crate) completed: u64,
    /// Jobs that failed within 24 hours.
    pub(crate) failed: u64,
    /// Jobs that were cancelled within 24 hours.
    pub(crate) cancelled: u64,
    /// Jobs that were stopped because their workers kept dying.
    pub(crate) poisoned: u64,
    /// Requests sent upstream since midnight UTC.
    pub(crate) submissions_today: u64,
    /// Accounts.
    pub(crate) users: u64,
    /// When the job that has waited longest was made, RFC 3339, UTC.
    pub(crate) oldest_waiting: Option<String>,
    /// The processors on record.
    pub(crate) workers: Vec<Worker>,
}

/// Gets the figures of the platform
#[utoipa::path(
    get, path = "/api/admin/stats", operation_id = "readStatistics", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The figures. Finished jobs are those of the last 24 hours.", body = Statistics)),
)]
pub(crate) async fn statistics(State(gateway): State<Gateway>, _: Admin) -> Result<Response, ApiError> {
    let figures = statistics::read(&gateway.db).await?;
    let workers = figures.workers.into_iter().map(|(worker, in_flight)| Worker {
        id: worker.id,
        host: worker.host,
        started_at: rfc3339(worker.started_at),
        lease_until: rfc3339(worker.lease_until),
        in_flight,
    });
    let body = Statistics {
        waiting: figures.waiting,
        in_flight: figures.in_flight,
        completed: figures.completed,
        failed: figures.failed,
        cancelled: figures.cancelled,
        poisoned: figures.poisoned,
        submissions_today: figures.submissions_today,
        users: figures.users,
        oldest_waiting: figures.oldest_waiting.map(rfc3339),
        workers: workers.collect(),
    };
    Ok(([NO_STORE], Json(body)).into_response())
}
