//! Makes posters for stored videos: new ones at once, and those that were missed every ten minutes.
//!
//! A video is missed when its processor died, had no `ffmpeg`, or the storage was full.

use std::time::Duration;

use entity::clock::{millis, system_ms};
use entity::{VideoId, job, video};

use super::jittered_interval;
use crate::context::Context;
use crate::media::Error;

/// Videos read from the database at a time.
const BATCH: u64 = 200;

/// How long a new video is left to the processor that stored it.
const GRACE: Duration = Duration::from_secs(120);

/// Makes posters until dropped. Returns at once if `ffmpeg` or `ffprobe` is missing.
pub(crate) async fn run(context: &Context) {
    if !context.inspector.is_available() {
        return;
    }
    let mut new_videos = context.inspector.pending().await;
    let mut missed = jittered_interval(Duration::from_secs(20), Duration::from_secs(600));
    loop {
        tokio::select! {
            Some(id) = new_videos.recv() => inspect_or_log(context, id).await,
            _ = missed.tick() => {
                if let Err(error) = inspect_missed(context).await {
                    tracing::warn!(%error, "could not look for videos without posters");
                }
            }
        }
    }
}

/// Inspects all videos that no processor has inspected.
pub(crate) async fn inspect_missed(context: &Context) -> Result<(), Error> {
    let mut after = None;
    while context.inspector.is_available() {
        let videos = video::uninspected(&context.db, after, system_ms() - millis(GRACE), BATCH).await?;
        let Some(last) = videos.last() else { break };
        after = Some(last.id);
        for video in &videos {
            inspect_or_log(context, video.id).await;
        }
    }
    Ok(())
}

async fn inspect_or_log(context: &Context, id: VideoId) {
    if let Err(error) = inspect(context, id).await {
        tracing::warn!(video.id = %id, %error, "could not inspect a video; it will be tried again");
    }
}

/// Inspects one video, records the result, and publishes its job when there is a poster.
async fn inspect(context: &Context, id: VideoId) -> Result<(), Error> {
    let Some(video) = video::by_id(&context.db, id).await?.filter(|video| video.inspected_at.is_none()) else {
        return Ok(());
    };
    context.storage.verify().await?;
    let Some(facts) = context.inspector.inspect(&context.storage, &video).await? else {
        return Ok(());
    };
    let poster = facts.poster_path.clone();
    match job::record_inspection(&context.db, id, facts).await? {
        Some(job) if job.has_poster => context.publish(&job).await,
        Some(_) => tracing::info!(video.id = %id, "no poster could be made for a video"),
        // Deleted in the meantime. If another processor was faster instead, the poster is at the same path and stays.
        None if video::by_id(&context.db, id).await?.is_none() => {
            if let Some(path) = poster {
                context.storage.delete(&path).await?;
            }
        }
        None => {}
    }
    Ok(())
}
