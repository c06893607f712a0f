//! Cancels generations at the upstream whose jobs were cancelled while no worker was running them: the upstream may still
//! be working on them.

use std::sync::Arc;
use std::time::Duration;

use entity::{DbErr, job};
use sora::OpenGeneration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::metrics;
use crate::run::ATTEMPT_CANCELLED;

/// Pause between two looks at the database.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Generations cancelled per look.
const BATCH: u64 = 8;

/// Time limit for cancelling one generation.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(30);

/// Cancels generations until `done`. Cancelling one twice does no harm.
pub(crate) async fn run(context: Arc<Context>, done: CancellationToken) {
    loop {
        tokio::select! { () = sleep(POLL_INTERVAL) => {}, () = done.cancelled() => return }
        if let Err(error) = tick(&context).await {
            tracing::warn!(%error, "could not cancel abandoned generations");
        }
    }
}

async fn tick(context: &Context) -> Result<(), DbErr> {
    for attempt in job::cancelled_open_attempts(&context.db, &context.upstreams.records(), BATCH).await? {
        let id = attempt.upstream_id.as_deref();
        let open = id.map(|id| OpenGeneration { id, prompt: "", age: Duration::ZERO, traceparent: None });
        let upstream = context.upstreams.recorded(&attempt.upstream);
        if let Some(generation) = open.zip(upstream).and_then(|(open, upstream)| upstream.driver.resume(open)) {
            let acknowledged = timeout(CANCEL_TIMEOUT, generation.cancel()).await.is_ok();
            tracing::info!(job.id = %attempt.job_id, acknowledged, "cancelled a generation of a cancelled job");
        }
        job::finish_attempt(&context.db, attempt.id, ATTEMPT_CANCELLED).await?;
        metrics::attempt_finished(ATTEMPT_CANCELLED.outcome);
    }
    Ok(())
}
