//! Putting in line what Redis does not hold. The row is the outbox: whatever was lost between a commit and the queue, or
//! with all of Redis, comes back from here. Safe to run everywhere at once, so no leader is needed.

use std::sync::Arc;
use std::time::Duration;

use bus::{Enqueued, Limits, Position};
use entity::{DbErr, JobId, job, limits};
use rand::RngExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::enqueue::flow;
use crate::metrics;

/// Rows looked at in one step.
const BATCH: u64 = 200;

/// How long a pass over all pending rows rests before the next one begins.
const PASS_PAUSE: Duration = Duration::from_secs(10);

/// Sweeps until `over`: due retries every second, all pending rows in small steps, everything at once when Redis is
/// found empty.
pub(crate) async fn run(context: Arc<Context>, over: CancellationToken) {
    let mut cursor = Cursor::default();
    loop {
        match tick(&context, &mut cursor).await {
            Ok(()) => {}
            Err(Error::Database(error)) => {
                tracing::warn!(%error, "the sweep cannot ask the database");
            }
            Err(Error::Redis(error)) => tracing::debug!(%error, "the sweep cannot reach Redis"),
        }
        let pause = Duration::from_millis(rand::rng().random_range(900..1_100));
        tokio::select! { () = sleep(pause) => {}, () = over.cancelled() => return }
    }
}

/// Where the pass over all pending rows stands.
#[derive(Default)]
struct Cursor {
    after: Option<JobId>,
    paused_since: Option<Instant>,
    /// Whether Redis was told the limits on record, since this began: after a restore it may hold older ones.
    limits_mirrored: bool,
}

#[derive(Debug)]
enum Error {
    Database(DbErr),
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

async fn tick(context: &Context, cursor: &mut Cursor) -> Result<(), Error> {
    let redis_empty = !context.bus.has_limits().await?;
    if redis_empty || !cursor.limits_mirrored {
        mirror_limits(context).await?;
        cursor.limits_mirrored = true;
    }
    if redis_empty {
        tracing::info!("Redis knew no limits; told it those on record, and putting all pending jobs in line");
        *cursor = Cursor { limits_mirrored: true, ..Cursor::default() };
        while !step(context, cursor).await? {}
    }
    for job in job::promote_due(&context.db, BATCH).await? {
        let enqueued = enqueue(context, &job).await?;
        context.publish_with_position(&job, enqueued.position).await;
    }
    if cursor.paused_since.is_none_or(|until| until.elapsed() > PASS_PAUSE) {
        cursor.paused_since = None;
        step(context, cursor).await?;
    }
    context.bus.admit().await?;
    Ok(())
}

/// One step of the pass over all pending rows; true when it has come to the end.
async fn step(context: &Context, cursor: &mut Cursor) -> Result<bool, Error> {
    let jobs = job::pending_after(&context.db, cursor.after, BATCH).await?;
    let mut restored = 0;
    for job in &jobs {
        restored += u32::from(enqueue(context, job).await?.added);
    }
    metrics::jobs_restored(restored.into());
    if restored > 0 {
        tracing::info!(jobs = restored, "put jobs in line that Redis did not hold");
    }
    cursor.after = jobs.last().map(|job| job.id);
    if cursor.after.is_none() {
        context.bus.drop_orphans().await?;
        cursor.paused_since = Some(Instant::now());
    }
    Ok(cursor.after.is_none())
}

async fn enqueue(context: &Context, job: &job::Model) -> Result<Enqueued, bus::Error> {
    context.bus.enqueue(job.id, &flow(job), Position::FairTurn).await
}

/// Tells Redis the limits on record; the environment's are put on record if there are none.
async fn mirror_limits(context: &Context) -> Result<(), Error> {
    let limits = limits::seed(&context.db, context.config.max_concurrency).await?;
    let cap = u32::try_from(limits.concurrency).unwrap_or(0);
    context.bus.mirror_limits(Limits { cap, paused: limits.paused }).await?;
    Ok(())
}
