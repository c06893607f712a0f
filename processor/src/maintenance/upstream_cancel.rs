//! Telling the upstream of jobs that were cancelled while nobody had them in hand: it may still be working on them.

use std::sync::Arc;
use std::time::Duration;

use entity::{DbErr, attempt};
use sora::OpenGeneration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::run::CANCELLED;
use crate::{Context, metrics};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(2);

/// Attempts told of in one look, and how long each may take.
const AT_ONCE: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells until `over`. Safe to run everywhere at once: being told twice does the upstream no harm.
pub(crate) async fn run(context: Arc<Context>, over: CancellationToken) {
    loop {
        tokio::select! { () = sleep(EVERY) => {}, () = over.cancelled() => return }
        if let Err(error) = once(&context).await {
            tracing::warn!(%error, "cannot look for cancelled generations");
        }
    }
}

async fn once(context: &Context) -> Result<(), DbErr> {
    for attempt in attempt::abandoned(&context.db, context.upstream(), AT_ONCE).await? {
        let id = attempt.upstream_id.as_deref();
        let begun = id.map(|id| OpenGeneration { id, prompt: "", age: Duration::ZERO, traceparent: None });
        if let Some(generation) = begun.and_then(|begun| context.driver.resume(begun)) {
            let let_go = timeout(PATIENCE, generation.cancel()).await.is_ok();
            tracing::info!(job.id = %attempt.job_id, let_go, "told the upstream of a cancelled job");
        }
        attempt::finish(&context.db, attempt.id, CANCELLED).await?;
        metrics::attempt_ended(CANCELLED.outcome);
    }
    Ok(())
}
