//! What the probe port (`METRICS_LISTEN`) reports about this process.

use std::sync::Arc;
use std::time::Duration;

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
        let suspension = context.suspension.is_suspended(&context.db, context.upstream_address());
        let suspension = timeout(CHECK_TIMEOUT, suspension);
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
            "upstream": context.upstream_health.status(),
            "upstreamAnswers": context.suspension.status(),
        });
        if let Some(fault) = redis_fault {
            detail["redisFault"] = fault.into();
        }
        (ready, detail)
    }

    async fn update_gauges(&self) {
        metrics::slots(self.0.config.slots.get());
        metrics::breaker_open(self.0.breaker().is_open());
        metrics::database_outdated(!self.0.database_state.is_current());
    }
}
