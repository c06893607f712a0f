//! The processor: takes jobs from the queue, sends them to the upstream, stores the videos and records the results.
//!
//! | module | role |
//! |---|---|
//! | [`supervisor`] | runs worker sessions, one after another |
//! | [`queue`] | reads deliveries, reclaimed ones first, and settles each by what the database says |
//! | [`liveness`] | worker session, heartbeat, reaper, the jobs in flight |
//! | [`run`] | one job from plan to stored video: plan → submit → follow → download → finish |
//! | [`retry`], [`progress`] | pure: what follows from a failure; which progress is published |
//! | [`upstream`] | circuit breaker, health, failure messages, redaction |
//! | [`storage_identity`] | whether the storage is that of the database |
//! | [`maintenance`] | reconciler, posters, housekeeping, cancellation of abandoned generations |
//! | [`media`] | posters, sizes and lengths of stored videos |
//! | [`webhooks`] | delivers webhook events |
//! | [`context`], [`publish`], [`enqueue`] | what all tasks share; events for browsers; jobs back into the queue |
//! | [`metrics`], [`trace`], [`probe`] | metrics, traces, readiness |

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
mod storage_identity;
mod supervisor;
mod trace;
mod transitions;
mod upstream;
mod webhooks;

use std::sync::Arc;

use anyhow::Context as _;
use entity::job;
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
    service::file_limit::raise().context("cannot raise the limit on open files")?;
    let context = Arc::new(Context::open(config).await?);
    let ignored = &context.config.ignored_variables;
    if !ignored.is_empty() {
        tracing::warn!(variables = ignored.join(", "), "ignored: SORA_CATALOGUE replaces these variables");
    }
    for upstream in context.upstreams.iter() {
        let dialect = upstream.settings.dialect;
        tracing::info!(upstream = upstream.label, address = upstream.address(), %dialect, "upstream configured");
    }
    check_open_attempts(&context).await?;
    let _probe = match context.config.settings.metrics_listen {
        Some(address) => Some(service::probe::start(address, ProcessorProbe(context.clone())).await?),
        None => None,
    };
    let _housekeeping = AbortOnDropHandle::new(tokio::spawn(housekeeping::run(context.clone())));
    let _storage =
        AbortOnDropHandle::new(tokio::spawn(storage_identity::run(context.db.clone(), context.storage.clone())));
    let stop_webhooks = CancellationToken::new();
    let webhooks = AbortOnDropHandle::new(tokio::spawn(webhooks::run(context.clone(), stop_webhooks.clone())));
    while !stop.is_cancelled() {
        supervisor::run_session(&context, &stop).await?;
    }
    stop_webhooks.cancel();
    webhooks.await.ok();
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

/// Records that the storage is this database's, after its files were moved without its id, or lost. Returns its id.
///
/// # Errors
/// The database or the storage does not answer.
pub async fn adopt_storage(config: Config) -> anyhow::Result<String> {
    let context = Context::open(config).await?;
    Ok(storage_identity::adopt(&context.db, &context.storage).await?)
}

/// Looks for generations that were started at upstreams that are not configured any more: they cannot be polled, and will fail. With a
/// catalogue, in which an upstream can be disabled instead, that is an error.
async fn check_open_attempts(context: &Context) -> anyhow::Result<()> {
    let elsewhere = job::open_attempts_at_other_upstreams(&context.db, &context.upstreams.records()).await?;
    for attempt in &elsewhere {
        tracing::warn!(job.id = %attempt.job_id, upstream = attempt.upstream, "started at an upstream that is not configured");
    }
    if elsewhere.is_empty() {
        return Ok(());
    }
    let jobs = elsewhere.len();
    let mut names: Vec<_> = elsewhere.into_iter().map(|attempt| attempt.upstream).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    if context.config.catalogue.from_file {
        anyhow::bail!(
            "SORA_CATALOGUE: {jobs} generations are open at upstreams that the catalogue does not name ({names}); \
             put them back with enabled = false until these jobs have ended"
        );
    }
    tracing::warn!(
        jobs,
        upstreams = names,
        "SORA_API_URL was changed with jobs in flight; to finish them, restore it and let them drain"
    );
    Ok(())
}
