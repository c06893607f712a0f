//! The reconciler: enqueues pending jobs that Redis does not hold.
//!
//! A job's committed row is its outbox entry. Whatever is lost between a commit and the queue, or with all of Redis, is
//! enqueued again from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Enqueued, Limits, Position};
use entity::{DbErr, JobId, clock, job, limits, webhook_delivery};
use rand::RngExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::enqueue::flow;
use crate::maintenance::clock_watch::ClockWatch;
use crate::maintenance::recency;
use crate::metrics;

/// Time limit for asking Redis about its settings.
const INFO_TIMEOUT: Duration = Duration::from_secs(2);

/// Rows read per step.
const BATCH: u64 = 200;

/// Pause between two passes over all pending rows.
const PASS_PAUSE: Duration = Duration::from_secs(10);

/// Reconciles until `done`: due retries every second, all pending rows in small steps, and everything at once when Redis
/// is empty.
pub(crate) async fn run(context: Arc<Context>, done: CancellationToken) {
    let clock_set_back = AtomicBool::new(false);
    tokio::select! {
        () = reconcile(&context, &clock_set_back, &done) => {}
        () = watch_clock(&context, &clock_set_back) => {}
    }
}

async fn reconcile(context: &Context, clock_set_back: &AtomicBool, done: &CancellationToken) {
    let mut cursor = Cursor::default();
    loop {
        match tick(context, &mut cursor, clock_set_back).await {
            Ok(()) => {}
            Err(Error::Database(error)) => tracing::warn!(%error, "reconciler: database error"),
            Err(Error::Redis(error)) => tracing::debug!(%error, "reconciler: Redis error"),
        }
        tokio::select! { () = sleep(pause()) => {}, () = done.cancelled() => return }
    }
}

/// Looks at the database's clock every second, also while Redis holds the reconciler up.
async fn watch_clock(context: &Context, clock_set_back: &AtomicBool) {
    let mut clock = ClockWatch::default();
    loop {
        let asked = Instant::now();
        if let Ok(now) = clock::database_ms(&context.db).await
            && clock.was_set_back(now, asked, Instant::now())
        {
            tracing::warn!(
                "the database's clock was set back; jobs that wait for their next attempt are tried at once"
            );
            clock_set_back.store(true, Ordering::Relaxed);
        }
        sleep(pause()).await;
    }
}

fn pause() -> Duration {
    Duration::from_millis(rand::rng().random_range(900..1_100))
}

/// How far the pass over all pending rows has come.
#[derive(Default)]
struct Cursor {
    after: Option<JobId>,
    /// When the last pass ended, while pausing.
    paused_since: Option<Instant>,
}

/// Why a pass failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The database.
    Database(DbErr),
    /// Redis.
    Redis(bus::Error),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<bus::Error> for Error {
    fn from(error: bus::Error) -> Self {
        Self::Redis(error)
    }
}

async fn tick(context: &Context, cursor: &mut Cursor, clock_set_back: &AtomicBool) -> Result<(), Error> {
    if !recency::check(context).await? {
        return Ok(());
    }
    if mirror_limits(context).await? == Mirror::Missing {
        tracing::info!("Redis is empty; restored its limits and enqueueing all pending jobs");
        if context.bus.evicts(INFO_TIMEOUT).await {
            tracing::warn!("Redis deletes keys when its memory is full; set its maxmemory-policy to noeviction");
        }
        (cursor.after, cursor.paused_since) = (None, None);
        while !step(context, cursor).await? {}
    }
    promote(context, clock_set_back).await?;
    if cursor.paused_since.is_none_or(|since| since.elapsed() > PASS_PAUSE) {
        cursor.paused_since = None;
        step(context, cursor).await?;
    }
    for (_, queue) in context.queues.iter() {
        queue.admit().await?;
    }
    Ok(())
}

/// Enqueues the jobs whose next attempt is due: all that wait, once the database's clock was set back.
async fn promote(context: &Context, clock_set_back: &AtomicBool) -> Result<(), Error> {
    if clock_set_back.load(Ordering::Relaxed) {
        while !promoted(context, job::promote_all(&context.db, BATCH).await?).await? {}
        clock_set_back.store(false, Ordering::Relaxed);
    }
    promoted(context, job::promote_due(&context.db, BATCH).await?).await.map(drop)
}

/// Enqueues a batch of promoted jobs. Returns whether it was the last.
async fn promoted(context: &Context, jobs: Vec<job::Model>) -> Result<bool, Error> {
    for job in &jobs {
        let enqueued = enqueue(context, job).await?;
        context.publish_with_position(job, enqueued.position).await;
    }
    Ok(jobs.is_empty())
}

/// One step of the pass over all pending rows. Returns whether the pass has ended.
async fn step(context: &Context, cursor: &mut Cursor) -> Result<bool, Error> {
    let jobs = job::pending_after(&context.db, cursor.after, BATCH).await?;
    let mut restored = 0;
    for job in &jobs {
        restored += u32::from(enqueue(context, job).await?.added);
    }
    metrics::jobs_restored(restored.into());
    if restored > 0 {
        tracing::info!(jobs = restored, "enqueued jobs that Redis did not hold");
    }
    cursor.after = jobs.last().map(|job| job.id);
    if cursor.after.is_none() {
        for (_, queue) in context.queues.iter() {
            queue.drop_orphans().await?;
        }
        // In each pass, because a step and its correction can both happen while Redis holds this task up.
        webhook_delivery::make_due_after_clock_was_set_back(&context.db).await?;
        cursor.paused_since = Some(Instant::now());
    }
    Ok(cursor.after.is_none())
}

async fn enqueue(context: &Context, job: &job::Model) -> Result<Enqueued, bus::Error> {
    context.queue_of(job).enqueue(job.id, &flow(job), Position::FairTurn).await
}

/// The limits that Redis held.
#[derive(PartialEq, Eq)]
enum Mirror {
    /// Those of every pool; if they were others than in the database, they have been replaced.
    Held,
    /// None for a pool: Redis is new or has lost its data.
    Missing,
}

/// Copies the limits of each pool from the database and the catalogue to Redis if Redis holds others, as after a restart with an
/// older file or a change that did not reach it. If the database has none yet, stores those of the environment first.
///
/// Redis is read before the row. What it holds was committed before, so a row that is not newer and differs belongs to a
/// restored backup or to another catalogue: its version is raised, so that it replaces what Redis holds.
async fn mirror_limits(context: &Context) -> Result<Mirror, Error> {
    let mut pools = Vec::new();
    for (pool, queue) in context.queues.iter() {
        pools.push((pool, queue, queue.limits().await?));
    }
    let mut row = limits::seed(&context.db, context.config.max_concurrency).await?;
    let controls = context.upstreams.refresh_controls(&context.db).await?;
    let mut mirror = Mirror::Held;
    for (pool, queue, held) in pools {
        let of_pool = |row| Limits::from(controls.limits_of(&context.config.catalogue, pool, row));
        if held == Some(of_pool(row)) {
            continue;
        }
        match held {
            Some(held) => {
                tracing::info!(pool, "Redis held other limits than the database; replaced them");
                if row.version <= held.version {
                    row = limits::raise_version(&context.db, held.version).await?;
                }
            }
            None => mirror = Mirror::Missing,
        }
        queue.mirror_limits(of_pool(row)).await?;
    }
    Ok(mirror)
}
