//! Delivers webhook events to the endpoints of users.
//!
//! Every processor looks for endpoints with due deliveries and works on many at a time, each in a task of its own, so that
//! a slow receiver delays nobody else's events. The outbox and the rules of its claims are in
//! [`entity::webhook_delivery`]; a processor that dies leaves claims whose leases end.
//!
//! | module | contents |
//! |---|---|
//! | [`deliver`] | one endpoint's due deliveries: claim, send, record |
//! | [`next_step`] | pure: what follows from a response |
//! | [`signature`] | headers of Standard Webhooks |

mod deliver;
mod next_step;
mod signature;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entity::{DbErr, WebhookEndpointId, webhook_endpoint as endpoint};
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::context::Context;

/// Pause between two looks at the database.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum number of endpoints that this process works on at a time.
const MAX_ENDPOINTS: usize = 64;

/// How long requests in progress may take once the process stops. What they leave unrecorded is sent again.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(12);

/// Delivers until `stop` is cancelled, then waits for the requests in progress.
pub(crate) async fn run(context: Arc<Context>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    let mut busy: HashMap<task::Id, WebhookEndpointId> = HashMap::new();
    while !stop.is_cancelled() {
        if let Err(error) = start_due(&context, &mut tasks, &mut busy).await {
            tracing::warn!(%error, "could not look for due webhooks");
            sleep(POLL_INTERVAL).await;
        }
        tokio::select! {
            () = sleep(POLL_INTERVAL) => {}
            () = stop.cancelled() => {}
            Some(ended) = tasks.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                busy.remove(&id);
            }
        }
    }
    timeout(DRAIN_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await.ok();
}

/// Starts a task for each endpoint with due deliveries that has none.
async fn start_due(
    context: &Arc<Context>,
    tasks: &mut JoinSet<()>,
    busy: &mut HashMap<task::Id, WebhookEndpointId>,
) -> Result<(), DbErr> {
    let free = MAX_ENDPOINTS.saturating_sub(tasks.len());
    if free == 0 {
        return Ok(());
    }
    for endpoint in endpoint::due(&context.db, busy.values().copied(), free as u64).await? {
        let id = endpoint.id;
        let task = tasks.spawn(deliver::deliver_batch(context.clone(), endpoint));
        busy.insert(task.id(), id);
    }
    Ok(())
}
