//! `/api/admin/pools`: the pools of the catalogue, how their upstreams do, and why jobs wait.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use catalogue::{Controls, Member};
use entity::clock::rfc3339;
use entity::upstream_activity::{self, Activity, LastError};
use entity::{JobId, limits, paused_pool, statistics, upstream_control};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::queue::{concurrency, mirror_limits};
use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE};
use crate::error::{ApiError, ErrorCode};
use crate::http::body::{Fields, JsonBody, RequestBody};
use crate::http::path::Name;
use crate::state::Gateway;

/// All pools.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pools {
    /// In the order of the catalogue. Without a catalogue there is one.
    pub(crate) data: Vec<Pool>,
}

/// A pool: upstreams that replace each other, with a queue of their own.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pool {
    /// Name.
    pub(crate) name: String,
    /// Models whose jobs wait in its queue.
    pub(crate) models: Vec<String>,
    /// Whether an administrator paused it.
    pub(crate) paused: bool,
    /// Jobs that wait for admission; null if Redis does not answer.
    pub(crate) waiting: Option<u64>,
    /// Jobs in flight over all processors; null if Redis does not answer.
    pub(crate) in_flight: Option<u64>,
    /// Maximum number of jobs in flight; null = unlimited. 0 if none of its upstreams may be used.
    pub(crate) concurrency: Option<i32>,
    /// Why no further job starts; null if nothing prevents it.
    pub(crate) blocked_by: Option<BlockedBy>,
    /// Its upstreams. Empty without a catalogue.
    pub(crate) upstreams: Vec<Upstream>,
}

/// Why no further job of a pool starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BlockedBy {
    /// Redis does not answer.
    RedisDown,
    /// No processor is running.
    NoProcessor,
    /// An administrator paused the queue.
    QueuePaused,
    /// An administrator paused the pool.
    PoolPaused,
    /// None of its upstreams may be used.
    NoUpstream,
    /// As many jobs are in flight as its upstreams take.
    Full,
}

/// An upstream of a pool.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upstream {
    /// Name.
    pub(crate) name: String,
    /// The address that requests are sent to.
    pub(crate) address: String,
    /// Upstreams with a lower priority are used first.
    pub(crate) priority: u32,
    /// `ok`, or why nothing more is sent to it: `disabled` (by the catalogue), `paused`, `key_refused` or `unreadable`.
    pub(crate) status: &'static str,
    /// When its key was refused (RFC 3339, UTC); null if it was not.
    pub(crate) refused_at: Option<String>,
    /// Whether an administrator paused it.
    pub(crate) paused: bool,
    /// Jobs in flight at it; null if Redis does not answer.
    pub(crate) in_flight: Option<u64>,
    /// Maximum number of jobs in flight at it; null = unlimited.
    pub(crate) concurrency: Option<u32>,
    /// The maximum that the catalogue says; null = unlimited.
    pub(crate) catalogue_concurrency: Option<u32>,
    /// Generations of the last hour that completed.
    pub(crate) completed: u64,
    /// Attempts of the last hour that failed.
    pub(crate) failed: u64,
    /// Seconds within which half of these generations completed; null if there are none.
    pub(crate) median_seconds: Option<i64>,
    /// The last errors of the last hour, newest first, at most three.
    pub(crate) last_errors: Vec<UpstreamError>,
}

/// A failed attempt at an upstream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpstreamError {
    /// The job. It may have been deleted.
    pub(crate) job_id: JobId,
    /// How the attempt ended.
    pub(crate) outcome: String,
    /// The upstream's message.
    pub(crate) detail: Option<String>,
    /// When the attempt ended (RFC 3339, UTC).
    pub(crate) at: String,
}

impl From<LastError> for UpstreamError {
    fn from(LastError { job, outcome, detail, at }: LastError) -> Self {
        Self { job_id: job, outcome, detail, at: rfc3339(at) }
    }
}

/// List the pools with their upstreams
///
/// For each pool why no further job starts, if something prevents it; for each upstream whether it is used, its places, and how it
/// did in the last hour.
#[utoipa::path(
    get, path = "/api/admin/pools", operation_id = "listPools", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    responses((status = 200, description = "The pools.", body = Pools)),
)]
pub(crate) async fn pools(State(gateway): State<Gateway>, _: Admin) -> Result<Response, ApiError> {
    let catalogue = &gateway.config.catalogue;
    // A processor stores the first limits, which the gateway does not know.
    let unset = limits::Model { id: 1, concurrency: 0, paused: false, version: 0 };
    let row = limits::current(&gateway.db).await?.unwrap_or(unset);
    let controls = Controls::read(&gateway.db).await?;
    let mut activity = upstream_activity::read(&gateway.db).await?;
    let workers = statistics::load(&gateway.db).await?.workers;
    let mut data = Vec::with_capacity(catalogue.pools.len());
    for pool in &catalogue.pools {
        let queue = gateway.queues.of_pool(&pool.name);
        let asked = timeout(gateway.config.http.timeouts.positions, async {
            Ok::<_, bus::Error>((queue.depth().await?, queue.places_in_use().await?))
        });
        let held = asked.await.ok().and_then(Result::ok);
        let in_flight = held.as_ref().map(|((_, in_flight), _)| *in_flight);
        let limits = controls.limits_of(catalogue, &pool.name, row);
        let upstreams = pool.members.iter().filter_map(|member| {
            let upstream = catalogue.upstream(&member.upstream)?;
            let places = held.as_ref().map(|(_, places)| places.get(&upstream.name).copied().unwrap_or(0));
            // The only upstream of a pool has every job of it.
            let places = if pool.members.len() == 1 { in_flight } else { places };
            let activity = activity.remove(&upstream.name).unwrap_or_default();
            Some(describe(upstream, member, &controls, places, activity))
        });
        let has_no_upstream = limits.paused && !row.paused && !controls.is_paused(&pool.name);
        data.push(Pool {
            name: pool.name.clone(),
            models: catalogue.offered().filter(|model| model.pool == pool.name).map(|it| it.name.clone()).collect(),
            paused: controls.is_paused(&pool.name),
            waiting: held.as_ref().map(|((waiting, _), _)| *waiting),
            in_flight,
            concurrency: Some(limits.concurrency).filter(|concurrency| *concurrency > 0 || has_no_upstream),
            blocked_by: match in_flight {
                None => Some(BlockedBy::RedisDown),
                _ if workers == 0 => Some(BlockedBy::NoProcessor),
                _ if row.paused => Some(BlockedBy::QueuePaused),
                _ if controls.is_paused(&pool.name) => Some(BlockedBy::PoolPaused),
                _ if has_no_upstream => Some(BlockedBy::NoUpstream),
                Some(in_flight) => {
                    let is_full = u64::try_from(limits.concurrency).is_ok_and(|cap| cap > 0 && in_flight >= cap);
                    is_full.then_some(BlockedBy::Full)
                }
            },
            upstreams: upstreams.collect(),
        });
    }
    Ok(([NO_STORE], Json(Pools { data })).into_response())
}

fn describe(
    upstream: &catalogue::Upstream,
    member: &Member,
    controls: &Controls,
    in_flight: Option<u64>,
    activity: Activity,
) -> Upstream {
    let unavailable = controls.unavailable(upstream);
    let limited = |concurrency: u32| Some(concurrency).filter(|concurrency| *concurrency > 0);
    Upstream {
        name: upstream.name.clone(),
        address: catalogue::Upstream::name_by_address(&upstream.url),
        priority: member.priority,
        status: unavailable.map_or("ok", catalogue::Unavailable::as_str),
        refused_at: controls.refused_at(&upstream.name).map(rfc3339),
        paused: controls.is_upstream_paused(&upstream.name),
        in_flight,
        concurrency: limited(controls.concurrency(upstream)),
        catalogue_concurrency: limited(upstream.concurrency),
        completed: activity.completed,
        failed: activity.failed,
        median_seconds: activity.p50.map(|milliseconds| (milliseconds + 999) / 1_000),
        last_errors: activity.last_errors.into_iter().map(Into::into).collect(),
    }
}

/// What to change about a pool.
#[derive(ToSchema)]
#[schema(example = json!({"paused": true}))]
pub(crate) struct ChangePoolRequest {
    /// Whether to stop starting its jobs.
    paused: Option<bool>,
}

impl RequestBody for ChangePoolRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        Some(Self { paused: fields.optional_flag("paused")? })
    }
}

/// Pause or resume a pool
///
/// While it is paused its jobs wait; those in flight are finished.
#[utoipa::path(
    patch, path = "/api/admin/pools/{pool}", operation_id = "changePool", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = ChangePoolRequest,
    responses((status = 204, description = "Changed.")),
    extensions(("x-errors" = json!([ErrorCode::NotFound]))),
)]
pub(crate) async fn change_pool(
    State(gateway): State<Gateway>,
    admin: Admin,
    Name(pool): Name,
    JsonBody { content: ChangePoolRequest { paused }, .. }: JsonBody<ChangePoolRequest>,
) -> Result<StatusCode, ApiError> {
    gateway.config.catalogue.pool(&pool).filter(|_| gateway.config.catalogue.from_file).ok_or(ApiError::NotFound)?;
    if let Some(paused) = paused {
        limits::seed(&gateway.db, 0).await?;
        paused_pool::set(&gateway.db, &pool, paused).await?;
        record(&gateway, &admin.user, if paused { "pool.paused" } else { "pool.resumed" }, Some(pool)).await?;
        mirror_limits(&gateway).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What to change about an upstream.
#[derive(ToSchema)]
#[schema(example = json!({"paused": false, "concurrency": 4}))]
pub(crate) struct ChangeUpstreamRequest {
    /// Whether to stop sending new requests to it.
    paused: Option<bool>,
    /// Maximum number of jobs in flight at it. Null returns to the catalogue's.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 100_000)]
    concurrency: Option<Option<i32>>,
}

impl RequestBody for ChangeUpstreamRequest {
    fn read(fields: &mut Fields, _: &Gateway) -> Option<Self> {
        let paused = fields.optional_flag("paused");
        let concurrency = fields.nullable_number("concurrency", concurrency);
        Some(Self { paused: paused?, concurrency: concurrency? })
    }
}

/// Pause or resume an upstream, or set its concurrency
///
/// Settings that are left out do not change. What an upstream works on is finished there in any case.
#[utoipa::path(
    patch, path = "/api/admin/upstreams/{upstream}", operation_id = "changeUpstream", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = ChangeUpstreamRequest,
    responses((status = 204, description = "Changed.")),
    extensions(("x-errors" = json!([ErrorCode::NotFound]))),
)]
pub(crate) async fn change_upstream(
    State(gateway): State<Gateway>,
    admin: Admin,
    Name(upstream): Name,
    JsonBody { content: ChangeUpstreamRequest { paused, concurrency }, .. }: JsonBody<ChangeUpstreamRequest>,
) -> Result<StatusCode, ApiError> {
    gateway.config.catalogue.upstream(&upstream).ok_or(ApiError::NotFound)?;
    limits::seed(&gateway.db, 0).await?;
    upstream_control::change(&gateway.db, &upstream, concurrency, paused).await?;
    if let Some(paused) = paused {
        let action = if paused { "upstream.paused" } else { "upstream.unpaused" };
        record(&gateway, &admin.user, action, Some(upstream.clone())).await?;
    }
    if let Some(concurrency) = concurrency {
        let value = concurrency.map_or_else(|| "catalogue".to_owned(), |concurrency| concurrency.to_string());
        record(&gateway, &admin.user, "upstream.concurrency", Some(format!("{upstream}: {value}"))).await?;
    }
    mirror_limits(&gateway).await;
    Ok(StatusCode::NO_CONTENT)
}
