//! What the probe port (`METRICS_LISTEN`) reports about this process.

use std::sync::Arc;
use std::time::Duration;

use catalogue::Unavailable;
use futures::future::join_all;
use serde_json::{Value, json};
use service::metrics::Metric;
use tokio::time::timeout;

use crate::context::Context;
use crate::metrics;

/// Time limit for each check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Readiness and metrics of a processor. Whether the database can be read decides readiness, and that it is no older copy; whether
/// it can be written to, Redis, the storage and the upstream are reported as details.
#[derive(Clone)]
pub(crate) struct ProcessorProbe(pub(crate) Arc<Context>);

impl service::probe::Probe for ProcessorProbe {
    const METRICS: &'static [Metric] = metrics::METRICS;

    async fn readiness(&self) -> (bool, Value) {
        let context = &self.0;
        let database = timeout(CHECK_TIMEOUT, entity::schema::check(&context.db));
        let written = timeout(CHECK_TIMEOUT, context.write_check.run(&context.db));
        let redis = context.bus.fault(CHECK_TIMEOUT);
        let storage = timeout(CHECK_TIMEOUT, context.storage.ping());
        // Otherwise what other processors or an administrator changed would show only with the next job.
        let suspensions = context.upstreams.iter().map(|upstream| upstream.suspension.is_suspended(&context.db));
        let suspension = timeout(CHECK_TIMEOUT, join_all(suspensions));
        let evicts = context.bus.evicts(CHECK_TIMEOUT);
        let (database, written, redis_fault, evicts, storage, _) =
            tokio::join!(database, written, redis, evicts, storage, suspension);
        let (up, is_current) = (matches!(database, Ok(Ok(()))), context.database_state.is_current());
        let ready = up && is_current;
        let status = |up| if up { "up" } else { "down" };
        let mut detail = json!({
            "database": match (is_current, up, written) {
                (false, ..) => "outdated",
                (true, true, Ok(Ok(()))) => "up",
                (true, true, _) => "unwritable",
                (true, false, _) => "down",
            },
            "redis": status(redis_fault.is_none()),
            "redisEvicts": evicts,
            "storage": status(matches!(storage, Ok(Ok(())))),
            "upstream": first_fault(context.upstreams.iter().map(|upstream| upstream.health.status())),
            "upstreamAnswers": first_fault(context.upstreams.iter().map(|upstream| upstream.suspension.status())),
        });
        if context.config.catalogue.from_file {
            let upstreams = context.upstreams.iter().map(|upstream| {
                let status = [upstream.health.status(), upstream.suspension.status()];
                let used = context.upstreams.unavailable(&upstream.settings).map_or("ok", Unavailable::as_str);
                (upstream.label.clone(), first_fault(status.into_iter().chain([used])).into())
            });
            detail["upstreams"] = Value::Object(upstreams.collect());
        }
        if let Some(fault) = redis_fault {
            detail["redisFault"] = fault.into();
        }
        (ready, detail)
    }

    async fn update_gauges(&self) {
        metrics::slots(self.0.config.slots.get());
        for upstream in self.0.upstreams.iter() {
            metrics::breaker_open(&upstream.label, upstream.breaker().is_open());
            metrics::upstream_refuses(&upstream.label, upstream.health.status() != "ok");
            metrics::upstream_suspended(&upstream.label, upstream.suspension.status() == "suspended");
            metrics::declare_unreadable(&upstream.label);
        }
        metrics::database_outdated(!self.0.database_state.is_current());
    }
}

/// The first status other than `ok`.
fn first_fault(mut statuses: impl Iterator<Item = &'static str>) -> &'static str {
    statuses.find(|status| *status != "ok").unwrap_or("ok")
}
