//! Whether the upstream rejects this platform's token or no longer offers its model: what an administrator has to fix.
//! Reported once in the log, as a metric, and as a detail of readiness, until a request is accepted again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sora::Outcome;

use crate::metrics;

/// The outcome that an administrator has to deal with, if there is one.
#[derive(Debug)]
pub(crate) struct UpstreamHealth {
    /// The upstream's name.
    upstream: String,
    refusal: Mutex<Option<Outcome>>,
}

impl UpstreamHealth {
    /// The health of an upstream that has refused nothing yet.
    pub(crate) fn new(upstream: &str) -> Self {
        Self { upstream: upstream.to_owned(), refusal: Mutex::default() }
    }

    /// Records how a request failed. Ignores outcomes that say nothing about the configuration.
    pub(crate) fn record_failure(&self, outcome: Outcome) {
        let remedy = match outcome {
            Outcome::Unauthorised => {
                "the upstream rejects the token, or its account has no credit; check its token (SORA_API_TOKEN, or the catalogue's)"
            }
            Outcome::UpstreamGone => {
                "the upstream no longer offers this model; check its address and its names for models (SORA_API_URL and SORA_MODEL_TEMPLATE, or the catalogue's)"
            }
            _ => return,
        };
        if self.refusal().replace(outcome) != Some(outcome) {
            tracing::error!(upstream = self.upstream, outcome = outcome.name(), "{remedy}");
        }
        metrics::upstream_refuses(&self.upstream, true);
    }

    /// Records that a request was accepted.
    pub(crate) fn record_success(&self) {
        metrics::upstream_refuses(&self.upstream, false);
        if self.refusal().take().is_some() {
            tracing::info!(upstream = self.upstream, "the upstream accepts requests again");
        }
    }

    /// `ok`, or the name of the outcome.
    pub(crate) fn status(&self) -> &'static str {
        self.refusal().map_or("ok", Outcome::name)
    }

    fn refusal(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
