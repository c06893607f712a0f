//! What whoever runs the platform has to know of the upstream: that it refuses the key, or no longer offers the model. In
//! the log once, as a metric, and as a detail of readiness, until a request is taken again.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use service::metrics::Metric;
use sora::Outcome;
use tokio::time::timeout;

use crate::{Context, metrics};

/// How long one check may take.
const CHECK_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct UpstreamHealth(Mutex<Option<Outcome>>);

impl UpstreamHealth {
    /// Notes how a request ended.
    pub(crate) fn record_failure(&self, outcome: Outcome) {
        let remedy = match outcome {
            Outcome::Unauthorised => {
                "the upstream refuses the key or its account has no credit: look at SORA_API_TOKEN"
            }
            Outcome::UpstreamGone => "the upstream no longer offers this: look at SORA_API_URL and SORA_MODEL_TEMPLATE",
            _ => return,
        };
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(outcome) != Some(outcome) {
            tracing::error!(outcome = outcome.name(), "{remedy}");
        }
        ::metrics::gauge!("sora_upstream_refuses").set(1);
    }

    /// A request was taken.
    pub(crate) fn record_success(&self) {
        ::metrics::gauge!("sora_upstream_refuses").set(0);
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("the upstream takes requests again");
        }
    }

    /// The upstream in a word: `ok`, or why it refuses.
    fn status(&self) -> &'static str {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map_or("ok", Outcome::name)
    }
}

/// The processor as whoever watches it sees it: the database decides readiness; Redis, the storage and the upstream are reported.
#[derive(Clone)]
pub(crate) struct ProcessorProbe(pub(crate) Arc<Context>);

impl service::probe::Watched for ProcessorProbe {
    const METRICS: &'static [Metric] = metrics::METRICS;

    async fn readiness(&self) -> (bool, Value) {
        let context = &self.0;
        let database = timeout(CHECK_TIMEOUT, entity::schema::check(&context.db));
        let (redis, storage) =
            (timeout(CHECK_TIMEOUT, context.bus.ping()), timeout(CHECK_TIMEOUT, context.storage.ping()));
        let (database, redis, storage) = tokio::join!(database, redis, storage);
        let ready = matches!(database, Ok(Ok(())));
        let status = |up| if up { "up" } else { "down" };
        let detail: Value = json!({
            "database": status(ready),
            "redis": status(matches!(redis, Ok(Ok(())))),
            "storage": status(matches!(storage, Ok(Ok(())))),
            "upstream": context.upstream_health.status(),
        });
        (ready, detail)
    }

    async fn measure(&self) {
        metrics::update_gauges(&self.0);
    }
}
