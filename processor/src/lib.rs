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
mod failpoint;
mod liveness;
mod maintenance;
mod media;
mod metrics;
mod progress;
mod queue;
mod retry;
mod retry_transient;
mod run;
mod trace;
mod upstream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use bus::{Bus, Event, Place};
use entity::database::open_and_wait;
use entity::{DatabaseConnection, attempt, job};
use fetch::Fetcher;
use sora::Driver;
use storage::Storage;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::media::Inspector;
use crate::upstream::breaker::Breaker;
use crate::upstream::upstream_health::UpstreamHealth;

pub use config::Config;

/// What all parts of a processor share.
pub(crate) struct Context {
    config: Config,
    db: DatabaseConnection,
    bus: Bus,
    storage: Storage,
    fetcher: Fetcher,
    driver: Arc<dyn Driver>,
    breaker: Mutex<Breaker>,
    upstream_health: UpstreamHealth,
    estimates: job::Estimates,
    inspector: Inspector,
}

/// Works until `stop`, then drains and returns.
///
/// # Errors
/// The process cannot begin: the database does not answer or has another schema, or the storage cannot be used.
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let context = Arc::new(Context::open(config).await?);
    tracing::info!(upstream = context.upstream(), dialect = %context.config.upstream.dialect, "the processor begins");
    warn_about_other_upstreams(&context).await?;
    let probe = context.config.settings.metrics_listen;
    let _probe = match probe {
        Some(address) => {
            Some(service::probe::start(address, upstream::upstream_health::ProcessorProbe(context.clone())).await?)
        }
        None => None,
    };
    let keeping = AbortOnDropHandle::new(tokio::spawn(maintenance::housekeeping::run(context.clone())));
    while !stop.is_cancelled() {
        liveness::worker_session::run(&context, &stop).await?;
    }
    drop(keeping);
    Ok(())
}

/// Does once what a working processor does each hour: deletes what is kept no longer, and files that nothing names.
///
/// # Errors
/// The database or the storage does not answer.
pub async fn run_housekeeping(config: Config) -> anyhow::Result<()> {
    let context = Context::open(config).await?;
    Ok(maintenance::housekeeping::run_once(&context).await?)
}

/// Lists generations that cannot be asked about any more, since they were begun at another address.
async fn warn_about_other_upstreams(context: &Context) -> anyhow::Result<()> {
    let elsewhere = attempt::open_elsewhere(&context.db, context.upstream()).await?;
    for attempt in &elsewhere {
        tracing::warn!(job.id = %attempt.job_id, upstream = attempt.upstream, "begun at another upstream; it will fail");
    }
    if !elsewhere.is_empty() {
        tracing::warn!(
            jobs = elsewhere.len(),
            "SORA_API_URL was changed with jobs in flight; to finish them, set it back and let them drain"
        );
    }
    Ok(())
}

impl Context {
    async fn open(config: Config) -> anyhow::Result<Self> {
        let settings = &config.settings;
        let db = open_and_wait(settings.database_url.expose()).await.context("DATABASE_URL")?;
        let bus = Bus::new(settings.redis_url.expose(), &settings.redis_namespace).context("REDIS_URL")?;
        let storage = Storage::open(&config.storage)?;
        let fetcher = Fetcher::new(config.fetch_rules())?;
        let driver = sora::driver(&config.upstream)?.into();
        let inspector = Inspector::detect(&config.programs).await;
        let (breaker, upstream_health, estimates) =
            (Mutex::default(), UpstreamHealth::default(), job::Estimates::default());
        Ok(Self { config, db, bus, storage, fetcher, driver, breaker, upstream_health, estimates, inspector })
    }

    /// The address that attempts are recorded with: without its query, which may be as good as a key.
    fn upstream(&self) -> &str {
        let url = &self.config.upstream.url;
        let end = url.as_str().len() - url.query().map_or(0, |query| query.len() + 1);
        url.as_str().get(..end).unwrap_or_default()
    }

    /// The upstream has taken a request: it is well.
    fn record_success(&self) {
        self.breaker().record_success();
        self.upstream_health.record_success();
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells browsers the state of a job as committed.
    async fn publish(&self, job: &job::Model) {
        self.publish_waiting(job, None).await;
    }

    /// The same for a job that waits in line.
    async fn publish_waiting(&self, job: &job::Model, position: Option<u64>) {
        let eta = self.estimates.of(&self.db, job).await;
        let Some(event) = event(job, position, eta) else {
            return;
        };
        if let Err(error) = self.bus.publish(&event).await {
            tracing::debug!(job.id = %job.id, %error, "an event was not published; a later one holds its state");
        }
    }
}

/// The event of a job's committed state, of its place in line if it waits there, and of how long such jobs take.
fn event(job: &job::Model, position: Option<u64>, eta: Option<job::Eta>) -> Option<Event> {
    let view = job::View::new(job.clone(), position, eta);
    Event::job(job.user_id, job.id, job.seq, &view)
        .inspect_err(|error| tracing::error!(job.id = %job.id, %error, "a job's state cannot be written as an event"))
        .ok()
}

/// Whose turn a waiting job takes: one that was begun before, or is begun anew, does not stand behind its owner's whole
/// backlog.
fn flow(job: &job::Model) -> bus::Flow {
    if job.epoch > 0 { bus::Flow::retries(job.user_id) } else { bus::Flow::new_jobs(job.user_id) }
}

/// Puts a job that was begun before all others, unless it does not wait or Redis holds it: given back by a worker or by
/// the burial of one, it goes on where it was. Should Redis be away, the sweep does it.
async fn enqueue_front(bus: &Bus, job: &job::Model) {
    if job.status != job::Status::Pending || job.next_attempt_at.is_some() {
        return;
    }
    if let Err(error) = bus.enqueue(job.id, &flow(job), Place::Front).await {
        tracing::debug!(job.id = %job.id, %error, "the sweep will put this job in line");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::plan::tests::job;

    #[test]
    fn a_job_that_is_begun_anew_does_not_stand_behind_its_owners_backlog() {
        let (new, anew) = (job::Model { epoch: 0, ..job() }, job::Model { epoch: 2, started_at: None, ..job() });
        assert_eq!(flow(&new), bus::Flow::new_jobs(new.user_id));
        assert_eq!(flow(&anew), bus::Flow::retries(anew.user_id));
    }
}
