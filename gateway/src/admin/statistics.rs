//! `GET /api/admin/stats`: figures of the whole platform.

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

/// A registered processor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Worker {
    /// Id of the worker.
    pub(crate) id: WorkerId,
    /// Host name.
    pub(crate) host: String,
    /// When it started (RFC 3339, UTC).
    pub(crate) started_at: String,
    /// When its lease expires; after that, its jobs are requeued (RFC 3339, UTC).
    pub(crate) lease_until: String,
    /// Number of jobs it is running.
    pub(crate) in_flight: u64,
}

/// Figures of the whole platform.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statistics {
    /// Waiting jobs.
    pub(crate) waiting: u64,
    /// Jobs claimed by workers.
    pub(crate) in_flight: u64,
    /// Jobs that completed in the last 24 hours.
    pub(crate) completed: u64,
    /// Jobs that failed in the last 24 hours.
    pub(crate) failed: u64,
    /// Jobs that were cancelled in the last 24 hours.
    pub(crate) cancelled: u64,
    /// Jobs that failed because their workers kept dying.
    pub(crate) poisoned: u64,
    /// Requests sent upstream since midnight UTC.
    pub(crate) submissions_today: u64,
    /// Accounts.
    pub(crate) users: u64,
    /// When the oldest waiting job was created (RFC 3339, UTC); null if none waits.
    pub(crate) oldest_waiting: Option<String>,
    /// The registered processors.
    pub(crate) workers: Vec<Worker>,
}

/// Get the figures of the platform
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
