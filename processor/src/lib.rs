//! Takes jobs from the stream, drives the upstream, records results.
//!
//! | module | its part |
//! |---|---|
//! | [`queue`] | permit → next delivery, reclaimed ones first → spawn → settle; the database decides what a delivery means |
//! | [`liveness`] | one worker's identity, lease and jobs in hand; giving back what the dead held |
//! | [`run`] | one job as a straight line: plan → submit → wait → fetch → record |
//! | [`retry`], [`progress`] | pure: what follows from a failure; which changes are told |
//! | [`upstream`] | whether the upstream is well, and what is said of its failures |
//! | [`maintenance`] | putting in line what Redis does not hold; old things; telling the upstream of cancelled jobs |
//! | [`media`] | a look inside a stored video: its poster, its size, its length |
//! | [`metrics`], [`trace`] | the metrics; the trace that a job belongs to, in the log and towards the upstream |
//!
//! A process lives one life after another: buried by others (it was frozen, or cut off), it drops everything and goes
//! on under a new id.

mod config;
mod context;
mod enqueue;
mod failpoint;
mod liveness;
mod maintenance;
mod media;
mod metrics;
mod probe;
mod progress;
mod publish;
mod queue;
mod retry;
mod retry_transient;
mod run;
mod supervisor;
mod trace;
mod upstream;

use std::sync::Arc;

use entity::attempt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::context::Context;
use crate::maintenance::housekeeping;
use crate::probe::ProcessorProbe;

pub use config::Config;

/// Runs the processor until `stop` is cancelled, then drains and returns.
///
/// # Errors
/// The process cannot start: the database does not answer or has an incompatible schema, or the storage cannot be used.
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let context = Arc::new(Context::open(config).await?);
    let upstream = &context.config.upstream;
    tracing::info!(upstream = context.upstream_address(), dialect = %upstream.dialect, "processor starting");
    warn_about_other_upstreams(&context).await?;
    let _probe = match context.config.settings.metrics_listen {
        Some(address) => Some(service::probe::start(address, ProcessorProbe(context.clone())).await?),
        None => None,
    };
    let _housekeeping = AbortOnDropHandle::new(tokio::spawn(housekeeping::run(context.clone())));
    while !stop.is_cancelled() {
        supervisor::run_session(&context, &stop).await?;
    }
    Ok(())
}

/// Runs the hourly cleanup once: deletes what has passed its retention, and files without a row.
///
/// # Errors
/// The database or the storage does not answer.
pub async fn run_housekeeping(config: Config) -> anyhow::Result<()> {
    let context = Context::open(config).await?;
    Ok(housekeeping::run_once(&context).await?)
}

/// Logs generations that were started at another upstream's address: they cannot be polled any more and will fail.
async fn warn_about_other_upstreams(context: &Context) -> anyhow::Result<()> {
    let elsewhere = attempt::open_at_other_upstreams(&context.db, context.upstream_address()).await?;
    for attempt in &elsewhere {
        tracing::warn!(job.id = %attempt.job_id, upstream = attempt.upstream, "started at another upstream; it will fail");
    }
    if !elsewhere.is_empty() {
        tracing::warn!(
            jobs = elsewhere.len(),
            "SORA_API_URL was changed with jobs in flight; to finish them, restore it and let them drain"
        );
    }
    Ok(())
}
