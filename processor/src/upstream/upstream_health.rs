//! Whether the upstream rejects this platform's token or no longer offers its model: what an administrator has to fix.
//! Reported once in the log, as a metric, and as a detail of readiness, until a request is accepted again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sora::Outcome;

use crate::metrics;

/// The outcome that an administrator has to deal with, if there is one.
#[derive(Debug, Default)]
pub(crate) struct UpstreamHealth(Mutex<Option<Outcome>>);

impl UpstreamHealth {
    /// Records how a request failed. Ignores outcomes that say nothing about the configuration.
    pub(crate) fn record_failure(&self, outcome: Outcome) {
        let remedy = match outcome {
            Outcome::Unauthorised => {
                "the upstream rejects the token, or its account has no credit; check SORA_API_TOKEN"
            }
            Outcome::UpstreamGone => {
                "the upstream no longer offers this model; check SORA_API_URL and SORA_MODEL_TEMPLATE"
            }
            _ => return,
        };
        if self.refusal().replace(outcome) != Some(outcome) {
            tracing::error!(outcome = outcome.name(), "{remedy}");
        }
        metrics::upstream_refuses(true);
    }

    /// Records that a request was accepted.
    pub(crate) fn record_success(&self) {
        metrics::upstream_refuses(false);
        if self.refusal().take().is_some() {
            tracing::info!("the upstream accepts requests again");
        }
    }

    /// `ok`, or the name of the outcome.
    pub(crate) fn status(&self) -> &'static str {
        self.refusal().map_or("ok", Outcome::name)
    }

    fn refusal(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
