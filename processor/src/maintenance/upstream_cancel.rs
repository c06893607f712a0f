//! Telling the upstream of jobs that were cancelled while nobody had them in hand: it may still be working on them.

use std::sync::Arc;
use std::time::Duration;

use entity::{DbErr, attempt};
use sora::OpenGeneration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::metrics;
use crate::run::ATTEMPT_CANCELLED;

/// Between two looks.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Attempts told of in one look, and how long each may take.
const BATCH: u64 = 8;
const CANCEL_TIMEOUT: Duration = Duration::from_secs(30);

/// Tells until `over`. Safe to run everywhere at once: being told twice does the upstream no harm.
pub(crate) async fn run(context: Arc<Context>, over: CancellationToken) {
    loop {
        tokio::select! { () = sleep(POLL_INTERVAL) => {}, () = over.cancelled() => return }
        if let Err(error) = tick(&context).await {
            tracing::warn!(%error, "cannot look for cancelled generations");
        }
    }
}

async fn tick(context: &Context) -> Result<(), DbErr> {
    for attempt in attempt::open_of_cancelled_jobs(&context.db, context.upstream_address(), BATCH).await? {
        let id = attempt.upstream_id.as_deref();
        let begun = id.map(|id| OpenGeneration { id, prompt: "", age: Duration::ZERO, traceparent: None });
        if let Some(generation) = begun.and_then(|begun| context.driver.resume(begun)) {
            let acknowledged = timeout(CANCEL_TIMEOUT, generation.cancel()).await.is_ok();
            tracing::info!(job.id = %attempt.job_id, acknowledged, "told the upstream of a cancelled job");
        }
        attempt::finish(&context.db, attempt.id, ATTEMPT_CANCELLED).await?;
        metrics::attempt_finished(ATTEMPT_CANCELLED.outcome);
    }
    Ok(())
}
