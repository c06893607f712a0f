//! Downloads a result into the storage and records the video.

use std::time::Duration;

use bytes::Bytes;
use entity::id::new_id;
use entity::job::{self, NewVideo};
use fetch::{Fetcher, MediaType};
use futures::Stream;
use service::error_chain;
use sora::{Candidate, Failure, Outcome};
use storage::{PutError, video_path};
use tokio::fs::File;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;
use url::Url;

use super::{JobRun, RunError};
use crate::retry_transient::retry_transient;
use crate::{failpoint, metrics};

/// How long the download of a result may take whose upstream is not configured any more.
const MAX_DOWNLOAD: Duration = Duration::from_secs(3_600);

impl JobRun<'_> {
    /// Downloads the result into the storage: the first candidate that is a video. If the storage cannot be written, the
    /// job is deferred and no budget is drawn.
    pub(super) async fn download(&mut self, candidates: &[Candidate]) -> Result<NewVideo, RunError> {
        let total = self.upstream.as_ref().map_or(MAX_DOWNLOAD, |upstream| upstream.settings.timeouts.total);
        let mut failures = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let source = candidate.source.as_str();
            let over_time = || Err(unfetchable("over the total time".into()));
            match timeout(total, self.store(&candidate.url)).await.unwrap_or_else(|_| over_time()) {
                Err(RunError::Failed(failure)) => {
                    // The address may be as good as a key: it is not logged.
                    tracing::warn!(source, "an address of the result brought no video");
                    failures.push(format!("{} ({source}): {}", candidate.url, failure.detail));
                }
                other => return other,
            }
        }
        Err(unfetchable(failures.join("; ")))
    }

    fn fetcher(&self) -> &Fetcher {
        self.upstream.as_ref().map_or(self.context.upstreams.public_fetcher(), |upstream| &upstream.fetcher)
    }

    /// Stores what `url` brings. The path contains the claim's epoch, so a later holder of the job writes elsewhere.
    async fn store(&mut self, url: &Url) -> Result<NewVideo, RunError> {
        let fetcher = self.fetcher().clone();
        let download = match fetcher.get(url).await {
            Err(fetch::Error::Playlist(url)) => return self.store_playlist(&url).await,
            download => download.map_err(|error| unfetchable(error_chain(&error)))?,
        };
        failpoint::hit("in-download");
        self.put(download.media, download.bytes).await
    }

    /// Stores the video that an HLS playlist describes: its files are fetched to local ones, which ffmpeg joins.
    async fn store_playlist(&mut self, url: &Url) -> Result<NewVideo, RunError> {
        let folder = tempfile::tempdir().map_err(|error| unfetchable(error_chain(&error)))?;
        let playlist = self.fetcher().clone().playlist(url, folder.path()).await;
        let playlist = playlist.map_err(|error| unfetchable(error_chain(&error)))?;
        let max_bytes = self.context.config.max_video_size;
        let joined = self.context.inspector.join(&playlist, folder.path(), max_bytes).await;
        let joined = joined.map_err(|error| unfetchable(format!("HLS: {error}")))?;
        let joined = joined.ok_or_else(|| unfetchable("ffmpeg could not join the HLS playlist".into()))?;
        let file = File::open(joined).await.map_err(|error| unfetchable(error_chain(&error)))?;
        self.put(MediaType::Mp4, ReaderStream::new(file)).await
    }

    async fn put<E: std::error::Error + Send + Sync + 'static>(
        &mut self,
        media: MediaType,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    ) -> Result<NewVideo, RunError> {
        let policy = self.context.config.retry_policy;
        let path = video_path(self.claim.job, self.claim.epoch, media.extension());
        let stored = self.context.storage.put(&path, bytes).await.map_err(|error| match error {
            PutError::Source(error) => unfetchable(error_chain(&error)),
            PutError::Storage(error) => {
                metrics::storage_error();
                tracing::error!(
                    error = error_chain(&error),
                    "could not write to the storage; the download is deferred"
                );
                RunError::storage_unavailable(policy)
            }
        })?;
        let no_video = self.context.inspector.lacks_pictures(&self.context.storage, &path, media.mime()).await;
        if no_video.unwrap_or(false) {
            self.context.storage.delete(&path).await.ok();
            return Err(unfetchable("the content is not a video: ffprobe finds no pictures in it".into()));
        }
        let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
        Ok(NewVideo { id: new_id(), path, size, content_type: media.mime().to_owned(), sha256: stored.sha256 })
    }

    /// Records the video and completes the job in one commit. A worker that no longer holds the job deletes its own file.
    pub(super) async fn record(&mut self, video: NewVideo) -> Result<job::Model, RunError> {
        let transitions = &self.context.transitions;
        failpoint::hit("after-file");
        let completed =
            retry_transient("recording a video", || transitions.complete(self.claim, video.clone())).await?;
        let Some(job) = completed else {
            self.context.storage.delete(&video.path).await.ok();
            return Err(RunError::NotHeld);
        };
        failpoint::hit("after-commit");
        self.phases.end();
        metrics::video_stored(video.size);
        tracing::info!(video.id = %video.id, "completed");
        self.context.inspector.enqueue(video.id);
        Ok(job)
    }
}

fn unfetchable(detail: String) -> RunError {
    Failure::new(Outcome::Unfetchable, detail).into()
}
