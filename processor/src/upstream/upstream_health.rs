//! What whoever runs the platform has to know of the upstream: that it refuses the key, or no longer offers the model. In
//! the log once, as a metric, and as a detail of readiness, until a request is taken again.

use std::sync::{Mutex, PoisonError};

use sora::Outcome;

use crate::metrics;

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
        metrics::upstream_refuses(true);
    }

    /// A request was taken.
    pub(crate) fn record_success(&self) {
        metrics::upstream_refuses(false);
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("the upstream takes requests again");
        }
    }

    /// The upstream in a word: `ok`, or why it refuses.
    pub(crate) fn status(&self) -> &'static str {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map_or("ok", Outcome::name)
    }
}
