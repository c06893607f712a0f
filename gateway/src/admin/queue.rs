//! `/api/admin/queue`: pauses the queue and limits its concurrency.
//!
//! The database row is authoritative; Redis holds a mirror that admission reads. A change that does not reach Redis is
//! mirrored by a processor within seconds.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bus::Limits;
use catalogue::Controls;
use entity::limits::{self, Model};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE};
use crate::error::ApiError;
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::state::Gateway;

/// Maximum concurrency that can be set.
const MAX_CONCURRENCY: i64 = 100_000;

/// Settings of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queue {
    /// While true, no job starts.
    pub(crate) paused: bool,
    /// Maximum number of jobs in flight over all processors; null = unlimited.
    pub(crate) concurrency: Option<i32>,
}

impl From<Model> for Queue {
    fn from(limits: Model) -> Self {
        Self { paused: limits.paused, concurrency: Some(limits.concurrency).filter(|concurrency| *concurrency > 0) }
    }
}

/// Settings to change.
#[derive(ToSchema)]
#[schema(example = json!({"paused": true, "concurrency": 20}))]
pub(crate) struct ChangeQueueRequest {
    /// Whether to stop starting jobs.
    paused: Option<bool>,
    /// Maximum number of jobs in flight over all processors. Null removes the limit.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 100_000)]
    concurrency: Option<Option<i32>>,
}

impl RequestBody for ChangeQueueRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let paused = fields.optional_flag("paused");
        let concurrency = fields.nullable_number("concurrency", concurrency);
        Some(Self { paused: paused?, concurrency: concurrency? })
    }
}

/// Get the settings of the queue
#[utoipa::path(
    get, path = "/api/admin/queue", operation_id = "readQueue", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The settings.", body = Queue)),
)]
pub(crate) async fn queue(State(gateway): State<Gateway>, _: Admin) -> Result<Response, ApiError> {
    let queue = limits::current(&gateway.db).await?.map_or(Queue { paused: false, concurrency: None }, Queue::from);
    Ok(([NO_STORE], Json(queue)).into_response())
}

/// Pause or resume the queue, or set its concurrency
///
/// Settings that are left out do not change. With a catalogue, `paused` is for all pools, and each upstream has a concurrency of its
/// own (`PATCH /api/admin/upstreams/{upstream}`). A change takes effect at once, or within seconds of Redis's return if Redis is
/// down.
#[utoipa::path(
    patch, path = "/api/admin/queue", operation_id = "changeQueue", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = ChangeQueueRequest,
    responses((status = 200, description = "The settings.", body = Queue)),
)]
pub(crate) async fn change_queue(
    State(gateway): State<Gateway>,
    admin: Admin,
    JsonBody { content: ChangeQueueRequest { paused, concurrency }, .. }: JsonBody<ChangeQueueRequest>,
) -> Result<Response, ApiError> {
    if concurrency.is_some() && gateway.config.catalogue.from_file {
        return Err(ApiError::invalid_field(
            "concurrency",
            "not_supported",
            "With a catalogue, each upstream has a concurrency of its own: change that.",
        ));
    }
    let concurrency = concurrency.map(Option::unwrap_or_default);
    limits::seed(&gateway.db, 0).await?;
    let limits = limits::update(&gateway.db, concurrency, paused).await?;
    if let Some(paused) = paused {
        record(&gateway, &admin.user, if paused { "queue.paused" } else { "queue.resumed" }, None).await?;
    }
    if let Some(concurrency) = concurrency {
        record(&gateway, &admin.user, "queue.concurrency", Some(concurrency.to_string())).await?;
    }
    mirror_limits(&gateway).await;
    Ok(([NO_STORE], Json(Queue::from(limits))).into_response())
}

/// Copies the limits of every pool to Redis, within the time limit for enqueueing.
pub(super) async fn mirror_limits(gateway: &Gateway) {
    let mirrored = timeout(gateway.config.http.timeouts.enqueue, try_mirror_limits(gateway));
    if !matches!(mirrored.await, Ok(Ok(()))) {
        tracing::warn!("could not mirror the limits of the queue to Redis; a processor will");
    }
}

async fn try_mirror_limits(gateway: &Gateway) -> Result<(), ApiError> {
    // The row first: what is read afterwards is not older than its version.
    let Some(row) = limits::current(&gateway.db).await? else { return Ok(()) };
    let controls = Controls::read(&gateway.db).await?;
    for (pool, queue) in gateway.queues.iter() {
        let limits = controls.limits_of(&gateway.config.catalogue, pool, row);
        queue.mirror_limits(Limits::from(limits)).await.map_err(ApiError::unavailable)?;
    }
    Ok(())
}

pub(super) fn concurrency(number: i64) -> Rule<i32> {
    let proper = i32::try_from(number).ok().filter(|_| (1..=MAX_CONCURRENCY).contains(&number));
    proper.ok_or_else(|| ("out_of_range", format!("Must be from 1 to {MAX_CONCURRENCY}, or null.")))
}
