//! What is done about old things, now and then. Safe to do everywhere at once, so no leader is needed.
//!
//! A file is deleted after its row: what a process that dies in between leaves behind is an orphan, and is found here.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::Event;
use entity::clock::{millis, system_ms};
use entity::job::DeletedJob;
use entity::{JobId, image, job, video};
use futures::{StreamExt, TryStreamExt};
use storage::StoredFile;
use tokio::time::sleep;

use super::{jittered_interval, posters};
use crate::context::Context;
use crate::media::Error;

/// Rows and files dealt with in one step.
const BATCH: u64 = 200;

/// How long a file without a row, or a picture without a job, is left alone: far longer than anything takes to be
/// recorded.
const MIN_ORPHAN_AGE: Duration = Duration::from_secs(86_400);

/// As many files of which none is on record are no orphans: the database is not the one that belongs to this storage.
const MAX_UNKNOWN_FILES: usize = 20;

/// Does what is due: posters as they come, everything else each hour.
pub(crate) async fn run(context: Arc<Context>) {
    tokio::join!(posters::run(&context), run_hourly(&context));
}

async fn run_hourly(context: &Context) {
    let mut round = jittered_interval(Duration::from_secs(30), Duration::from_secs(3_600));
    loop {
        round.tick().await;
        if let Err(error) = run_once(context).await {
            tracing::warn!(%error, "old things could not be tidied away; the next round tries again");
        }
    }
}

/// One round.
///
/// # Errors
/// [`Error`]; what is left is for the next round.
pub(crate) async fn run_once(context: &Context) -> Result<(), Error> {
    delete_expired_jobs(context).await?;
    posters::inspect_missed(context).await?;
    delete_unused_images(context).await?;
    delete_orphaned_files(context).await
}

/// Deletes jobs that ended longer ago than they are kept, with their videos.
async fn delete_expired_jobs(context: &Context) -> Result<(), Error> {
    let Some(kept) = context.config.retention else { return Ok(()) };
    loop {
        let before = system_ms() - millis(kept);
        let some = job::finished_before(&context.db, before, BATCH).await?;
        for (id, user) in &some {
            let Some(DeletedJob { job, paths }) = job::delete(&context.db, *id, *user).await? else { continue };
            for path in paths {
                context.storage.delete(&path).await?;
            }
            tracing::info!(job.id = %job.id, "deleted: it ended longer ago than jobs are kept");
            context.bus.publish(&Event::gone(job.user_id, job.id)).await.ok();
        }
        if some.is_empty() {
            return Ok(());
        }
    }
}

/// Deletes pictures that no job refers to.
async fn delete_unused_images(context: &Context) -> Result<(), Error> {
    for picture in image::unused(&context.db, system_ms() - millis(MIN_ORPHAN_AGE), BATCH).await? {
        if image::delete_unused(&context.db, picture.id).await? {
            context.storage.delete(&picture.path).await?;
        }
    }
    Ok(())
}

/// Deletes files that no row names, of those that have our names.
async fn delete_orphaned_files(context: &Context) -> Result<(), Error> {
    let before = system_ms() - millis(MIN_ORPHAN_AGE);
    let ours = |file: &StoredFile| file.modified < before && is_platform_path(&file.path);
    let old = context.storage.list().try_filter(|file| std::future::ready(ours(file)));
    let mut some = old.map_ok(|file| file.path).try_chunks(usize::try_from(BATCH).unwrap_or(1)).boxed();
    while let Some(paths) = some.try_next().await.map_err(|error| Error::Storage(error.1))? {
        let mut recorded: HashSet<String> = video::recorded_paths(&context.db, &paths).await?.into_iter().collect();
        recorded.extend(image::recorded_paths(&context.db, &paths).await?);
        if recorded.is_empty() && paths.len() >= MAX_UNKNOWN_FILES {
            tracing::error!(
                files = paths.len(),
                "no file of the storage is on record: are DATABASE_URL and STORAGE_URL right? nothing is deleted"
            );
            return Ok(());
        }
        for orphan in paths.iter().filter(|path| !recorded.contains(*path)) {
            tracing::info!(path = orphan, "deleted a file that nothing names");
            context.storage.delete(orphan).await?;
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Whether a file has a name as the platform gives it: `videos/JOB/EPOCH.EXTENSION`, `images/ID.EXTENSION`.
fn is_platform_path(path: &str) -> bool {
    let id = |text: &str| text.parse::<JobId>().is_ok();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match stem.split('/').collect::<Vec<_>>()[..] {
        ["videos", job, epoch] => id(job) && epoch.parse::<i64>().is_ok(),
        ["images", image] => id(image),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let id = "0198c5d2-6c1e-7b0a-9d51-3f0a6f1d2c11";
        for ours in [format!("videos/{id}/3.mp4"), format!("videos/{id}/3.jpg"), format!("images/{id}.png")] {
            assert!(is_platform_path(&ours), "{ours}");
        }
        for foreign in ["notes.txt", "videos/holiday.mp4", "videos/x/3.mp4", &format!("photos/{id}.png"), ".demo"] {
            assert!(!is_platform_path(foreign), "{foreign}");
        }
    }
}
