//! The gateway's metrics. Gauges are updated when the metrics are read.
//!
//! The gateway, not the processors, reports waiting and running jobs: these figures matter most when no processor is left.

use axum::http::Method;
use entity::clock::system_ms;
use entity::job::{Model, Status};
use entity::limits;
use entity::statistics::{self, Load};
use entity::webhook_delivery;
use metrics::{counter, gauge};
use service::metrics::{Metric, REQUEST_SECONDS};
use tokio::time::timeout;

use crate::state::Gateway;

/// All metrics, as `docs/OPERATIONS.md` lists them.
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter("sora_http_requests_total", "Completed requests, by `method`, `route` and `status`.")
        .with_dynamic_labels(),
    Metric::histogram(
        "sora_http_request_duration_seconds",
        REQUEST_SECONDS,
        "Time until the head of the response, by `method` and `route`.",
    )
    .with_dynamic_labels(),
    Metric::counter("sora_jobs_accepted_total", "Jobs accepted (committed to the database)."),
    Metric::counter("sora_jobs_ended_total", "Jobs that reached a final state, by `outcome`.")
        .with_label("outcome", &["cancelled"]),
    Metric::counter("sora_video_sent_bytes_total", "Bytes of videos sent to clients."),
    Metric::counter("sora_storage_errors_total", "Failed reads and writes of files in the storage."),
    Metric::gauge(
        "sora_websockets_open",
        "Open websockets and event streams of this process, and requests that wait for jobs to end.",
    ),
    Metric::counter(
        "sora_websocket_slow_clients_total",
        "Websockets and event streams closed because the client did not read.",
    ),
    Metric::counter(
        "sora_websocket_missed_states_total",
        "States that had not reached a connected client and were sent again. Should stay at 0.",
    ),
    Metric::counter("sora_events_relayed_total", "Events received from Redis and relayed to websockets."),
    Metric::gauge("sora_bus_listening", "1 while the process is subscribed to Redis pub/sub, otherwise 0."),
    Metric::counter("sora_bus_losses_total", "Subscriptions to Redis that were lost or could not be opened."),
    Metric::counter(
        "sora_bus_probe_misses_total",
        "Probe messages that the process did not receive back over an open subscription.",
    ),
    Metric::gauge("sora_jobs_waiting", "Jobs waiting for their turn or for a retry (of the whole platform)."),
    Metric::gauge("sora_jobs_in_flight", "Jobs claimed by processors (of the whole platform)."),
    Metric::gauge(
        "sora_jobs_poisoned",
        "Jobs that failed because their processors kept dying (of the whole platform).",
    ),
    Metric::gauge(
        "sora_job_oldest_waiting_seconds",
        "Age of the oldest waiting job; 0 if there is none (of the whole platform).",
    ),
    Metric::gauge("sora_workers", "Processors with a valid lease (of the whole platform)."),
    Metric::gauge("sora_queue_paused", "1 while an administrator has paused the queue, otherwise 0."),
    Metric::gauge("sora_queue_backlog_jobs", "Jobs in the Redis backlog, waiting for admission."),
    Metric::gauge("sora_queue_admitted_jobs", "Jobs in the Redis stream: ready or running."),
    Metric::gauge("sora_webhooks_overdue", "Webhooks that are due and not being sent (of the whole platform)."),
    Metric::gauge(
        "sora_webhook_oldest_overdue_seconds",
        "Time since the oldest overdue webhook became due; 0 if no webhook is overdue (of the whole platform).",
    ),
];

/// Counts a request and records its duration.
pub(crate) fn request_answered(method: &Method, route: &str, status: u16, seconds: f64) {
    let method = method_label(method);
    let route = if route.is_empty() { "page" } else { route }.to_owned();
    let kind = [("method", method.to_owned()), ("route", route.clone()), ("status", status.to_string())];
    counter!("sora_http_requests_total", &kind).increment(1);
    let kind = [("method", method.to_owned()), ("route", route)];
    metrics::histogram!("sora_http_request_duration_seconds", &kind).record(seconds);
}

/// Returns the method as a label. Clients can invent methods; labels must have few values.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Counts jobs that ended here, because no worker had claimed them.
pub(crate) fn jobs_ended<'a>(jobs: impl IntoIterator<Item = &'a Model>) {
    let cancelled = jobs.into_iter().filter(|job| job.status == Status::Cancelled).count();
    counter!("sora_jobs_ended_total", "outcome" => "cancelled").increment(cancelled as u64);
}

/// Reads the platform's figures and sets the gauges. A figure that cannot be read is set to NaN, not left at its old value.
pub(crate) async fn update_gauges(gateway: &Gateway) {
    let bound = gateway.config.http.timeouts.probe;
    let (load, limits, depth, overdue) = tokio::join!(
        timeout(bound, statistics::load(&gateway.db)),
        timeout(bound, limits::current(&gateway.db)),
        timeout(bound, gateway.queues.depth()),
        timeout(bound, webhook_delivery::overdue(&gateway.db)),
    );
    gauge!("sora_websockets_open").set(gateway.live.open());
    set_load_gauges(load.ok().and_then(Result::ok));
    let paused = limits.ok().and_then(Result::ok).map(|limits| limits.is_some_and(|limits| limits.paused));
    set_gauge("sora_queue_paused", paused.map(u64::from));
    let depth = depth.ok().and_then(Result::ok);
    set_gauge("sora_queue_backlog_jobs", depth.map(|(backlog, _)| backlog));
    set_gauge("sora_queue_admitted_jobs", depth.map(|(_, admitted)| admitted));
    let overdue = overdue.ok().and_then(Result::ok);
    set_gauge("sora_webhooks_overdue", overdue.map(|overdue| u64::try_from(overdue.count).unwrap_or(0)));
    set_gauge("sora_webhook_oldest_overdue_seconds", overdue.map(|overdue| age(overdue.oldest)));
}

/// Seconds since `instant` (epoch ms).
fn age(instant: Option<i64>) -> u64 {
    instant.map_or(0, |instant| u64::try_from((system_ms() - instant) / 1_000).unwrap_or(0))
}

fn set_load_gauges(load: Option<Load>) {
    set_gauge("sora_jobs_waiting", load.map(|load| load.waiting));
    set_gauge("sora_jobs_in_flight", load.map(|load| load.in_flight));
    set_gauge("sora_jobs_poisoned", load.map(|load| load.poisoned));
    set_gauge("sora_job_oldest_waiting_seconds", load.map(|load| age(load.oldest_waiting)));
    set_gauge("sora_workers", load.map(|load| load.workers));
}

#[allow(clippy::cast_precision_loss, reason = "no platform has 2⁵³ jobs")]
fn set_gauge(name: &'static str, value: Option<u64>) {
    gauge!(name).set(value.map_or(f64::NAN, |value| value as f64));
}
