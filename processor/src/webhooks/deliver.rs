//! One endpoint's due deliveries: claims a batch, sends it, and records how each was received.

use std::sync::Arc;
use std::time::Duration;

use entity::webhook_delivery::{self as delivery, AttemptResult, Recorded};
use entity::{clock, webhook_endpoint as endpoint, webhook_event};
use fetch::Reply;
use futures::future::join_all;
use rand::RngExt;
use tokio::time::{Instant, sleep};
use url::Url;

use super::next_step::next_step;
use super::signature;
use crate::context::Context;
use crate::retry_transient::retry_transient;
use crate::{failpoint, metrics};

/// Requests to one endpoint at a time; one while its attempts fail.
const BATCH: u64 = 8;

/// How long a claim holds. Longer than a request may take, with its recording.
const LEASE: Duration = Duration::from_secs(30);

/// Pause before an endpoint is looked at again after the database failed.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// Delivers one batch. What is left, the next look at the database finds.
pub(super) async fn deliver_batch(context: Arc<Context>, endpoint: endpoint::Model) {
    let limit = if endpoint.failing_since.is_some() { 1 } else { BATCH };
    match delivery::claim(&context.db, endpoint.id, limit, LEASE).await {
        Ok(claimed) => {
            join_all(claimed.iter().map(|one| deliver(&context, &endpoint, one))).await;
        }
        Err(error) => {
            tracing::warn!(webhook.id = %endpoint.id, %error, "could not claim webhooks");
            sleep(ERROR_PAUSE).await;
        }
    }
}

/// Sends one event and records the result.
async fn deliver(context: &Context, endpoint: &endpoint::Model, claimed: &delivery::Model) {
    failpoint::hit("webhook-before-send");
    let started = Instant::now();
    let reply = send(context, endpoint, claimed).await;
    failpoint::hit("webhook-after-send");
    let next = next_step(&reply, claimed.failures, rand::rng().random());
    let result = attempt_result(reply, started.elapsed());
    metrics::webhook_attempted(next);
    let event = webhook_event::public_id(claimed.event_id);
    tracing::debug!(webhook.id = %endpoint.id, event, status = result.response_status, error = result.error, ?next, "webhook sent");
    let record = || delivery::record(&context.db, claimed, result.clone(), next);
    match retry_transient("recording a webhook", record).await {
        Ok(Recorded { disabled: Some(endpoint), .. }) => {
            metrics::webhook_endpoint_disabled();
            let reason = endpoint.disabled_reason;
            tracing::warn!(webhook.id = %endpoint.id, user.id = %endpoint.user_id, ?reason, "webhook disabled");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(webhook.id = %endpoint.id, event, %error, "could not record a webhook"),
    }
}

async fn send(context: &Context, endpoint: &endpoint::Model, claimed: &delivery::Model) -> Result<Reply, String> {
    let url = Url::parse(&endpoint.url).map_err(|_| "the address is invalid".to_owned())?;
    let (event, now) = (webhook_event::public_id(claimed.event_id), clock::system_ms());
    let headers = signature::headers(endpoint.secrets(now), &event, now / 1_000, &claimed.payload)
        .ok_or_else(|| "the secret is invalid".to_owned())?;
    context.poster.post(&url, headers, claimed.payload.clone()).await.map_err(|error| error.to_string())
}

fn attempt_result(reply: Result<Reply, String>, duration: Duration) -> AttemptResult {
    match reply {
        Ok(Reply { status, excerpt, .. }) => AttemptResult {
            response_status: Some(status),
            response_body: Some(excerpt),
            error: status_error(status),
            duration,
        },
        Err(error) => AttemptResult { error: Some(error), duration, ..AttemptResult::default() },
    }
}

fn status_error(status: u16) -> Option<String> {
    match status {
        200..300 => None,
        300..400 => Some(format!("status {status}; redirects are not followed")),
        _ => Some(format!("status {status}")),
    }
}
