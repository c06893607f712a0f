//! Periodic cleanup: deletes jobs past their retention, old webhook deliveries and idempotency keys, unused reference images, and orphaned files.
//!
//! A file is deleted after its row. A process that dies in between leaves an orphaned file, which is deleted here.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::Event;
use entity::clock::{millis, system_ms};
use entity::job::DeletedJob;
use entity::{JobId, clock, idempotency_key, image, job, video, webhook_delivery};
use futures::{StreamExt, TryStreamExt};
use storage::StoredFile;
use tokio::time::sleep;

use super::{jittered_interval, posters, spritesheets};
use crate::context::Context;
use crate::media::Error;

/// Rows and files processed per step.
const BATCH: u64 = 200;

/// Minimum age of a file without a row, or of an image without a job, before it is deleted. Far longer than any row takes
/// to be committed after its file.
const MIN_ORPHAN_AGE: Duration = Duration::from_secs(86_400);

/// If at least this many files of a step have no row, and none has one, the database does not belong to this storage.
const WRONG_DATABASE_THRESHOLD: usize = 20;

/// Makes posters as videos arrive and spritesheets as they are asked for, and cleans up every hour.
pub(crate) async fn run(context: Arc<Context>) {
    tokio::join!(posters::run(&context), spritesheets::run(&context), run_hourly(&context));
}

async fn run_hourly(context: &Context) {
    let mut ticks = jittered_interval(Duration::from_secs(30), Duration::from_secs(3_600));
    loop {
        ticks.tick().await;
        if let Err(error) = run_once(context).await {
            tracing::warn!(%error, "cleanup failed; the next run continues");
        }
    }
}

/// Cleans up once. After an error, the next run continues with what is left.
pub(crate) async fn run_once(context: &Context) -> Result<(), Error> {
    context.storage.verify().await?;
    delete_expired_jobs(context).await?;
    delete_old_webhooks(context).await?;
    idempotency_key::delete_expired(&context.db, now(context).await?).await?;
    posters::inspect_missed(context).await?;
    delete_unused_images(context).await?;
    delete_orphaned_files(context).await
}

/// The earlier of this process's time and the database's, so that one wrong clock deletes nothing.
async fn now(context: &Context) -> Result<i64, Error> {
    Ok(clock::database_ms(&context.db).await?.min(system_ms()))
}

/// Deletes jobs past their retention, with their videos.
async fn delete_expired_jobs(context: &Context) -> Result<(), Error> {
    let Some(retention) = context.config.retention else { return Ok(()) };
    loop {
        let before = now(context).await? - millis(retention);
        let expired = job::finished_before(&context.db, before, BATCH).await?;
        for (id, user) in &expired {
            let Some(DeletedJob { job, paths }) = job::delete(&context.db, *id, *user).await? else { continue };
            for path in paths {
                context.storage.delete(&path).await?;
            }
            tracing::info!(job.id = %job.id, "deleted a job past its retention");
            context.bus.publish(&Event::gone(job.user_id, job.id)).await.ok();
        }
        if expired.is_empty() {
            return Ok(());
        }
    }
}

/// Deletes webhook deliveries that are old or whose jobs were deleted.
async fn delete_old_webhooks(context: &Context) -> Result<(), Error> {
    while webhook_delivery::delete_old(&context.db, BATCH).await? > 0 {}
    Ok(())
}

/// Deletes reference images that no job uses.
async fn delete_unused_images(context: &Context) -> Result<(), Error> {
    for image in image::unused(&context.db, system_ms() - millis(MIN_ORPHAN_AGE), BATCH).await? {
        if image::delete_unused(&context.db, image.id).await? {
            context.storage.delete(&image.path).await?;
        }
    }
    Ok(())
}

/// Deletes files without a row, of those that have a path of this platform.
async fn delete_orphaned_files(context: &Context) -> Result<(), Error> {
    let before = now(context).await? - millis(MIN_ORPHAN_AGE);
    let is_old = |file: &StoredFile| file.modified < before && is_platform_path(&file.path);
    let old = context.storage.list().try_filter(|file| std::future::ready(is_old(file)));
    let mut batches = old.map_ok(|file| file.path).try_chunks(usize::try_from(BATCH).unwrap_or(1)).boxed();
    while let Some(paths) = batches.try_next().await.map_err(|error| Error::Storage(error.1))? {
        let mut recorded: HashSet<String> = video::recorded_paths(&context.db, &paths).await?.into_iter().collect();
        recorded.extend(image::recorded_paths(&context.db, &paths).await?);
        if recorded.is_empty() && paths.len() >= WRONG_DATABASE_THRESHOLD {
            tracing::error!(
                files = paths.len(),
                "no file in the storage has a row in the database; check DATABASE_URL and STORAGE_URL; nothing was deleted"
            );
            return Ok(());
        }
        for orphan in paths.iter().filter(|path| !recorded.contains(*path)) {
            tracing::info!(path = orphan, "deleted an orphaned file");
            context.storage.delete(orphan).await?;
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Whether a path is one this platform writes: `videos/JOB/EPOCH.EXTENSION`, `videos/JOB/EPOCH-sheet.jpg`,
/// `images/ID.EXTENSION`.
fn is_platform_path(path: &str) -> bool {
    let id = |text: &str| text.parse::<JobId>().is_ok();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match stem.split('/').collect::<Vec<_>>()[..] {
        ["videos", job, epoch] => id(job) && epoch.strip_suffix("-sheet").unwrap_or(epoch).parse::<i64>().is_ok(),
        ["images", image] => id(image),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_only_its_own_paths() {
        let id = "0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11";
        for own in [
            format!("videos/{id}/3.mp4"),
            format!("videos/{id}/3.jpg"),
            format!("videos/{id}/3-sheet.jpg"),
            format!("images/{id}.png"),
        ] {
            assert!(is_platform_path(&own), "{own}");
        }
        for foreign in ["notes.txt", "videos/holiday.mp4", "videos/x/3.mp4", &format!("photos/{id}.png"), ".demo"] {
            assert!(!is_platform_path(foreign), "{foreign}");
        }
    }
}
