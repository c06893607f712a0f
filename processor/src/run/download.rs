//! Downloads a result into the storage and records the video.

use entity::id::new_id;
use entity::job::{self, NewVideo};
use service::error_chain;
use sora::{Failure, Outcome};
use storage::{PutError, video_path};
use tokio::time::timeout;
use url::Url;

use super::{JobRun, RunError};
use crate::retry_transient::retry_transient;
use crate::{failpoint, metrics};

impl JobRun<'_> {
    /// Downloads the result into the storage. If the storage cannot be written, the job is deferred and no budget is drawn.
    /// The path contains the claim's epoch, so a later holder of the job writes elsewhere.
    pub(super) async fn download(&mut self, url: &Url) -> Result<NewVideo, RunError> {
        let total = self.context.config.upstream.timeouts.total;
        timeout(total, self.store(url)).await.unwrap_or_else(|_| Err(unfetchable("over the total time".into())))
    }

    async fn store(&mut self, url: &Url) -> Result<NewVideo, RunError> {
        let token = self.context.driver.credential(url);
        let download = self.context.fetcher.get(url, token).await.map_err(|error| unfetchable(error_chain(&error)))?;
        let path = video_path(self.claim.job, self.claim.epoch, download.media.extension());
        let content_type = download.media.mime().to_owned();
        failpoint::hit("in-download");
        let stored = self.context.storage.put(&path, download.bytes).await.map_err(|error| match error {
            PutError::Source(error) => unfetchable(error_chain(&error)),
            PutError::Storage(error) => {
                metrics::storage_error();
                tracing::error!(
                    error = error_chain(&error),
                    "could not write to the storage; the download is deferred"
                );
                RunError::storage_unavailable()
            }
        })?;
        let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
        Ok(NewVideo { id: new_id(), path, size, content_type, sha256: stored.sha256 })
    }

    /// Records the video and completes the job in one commit. A worker that no longer holds the job deletes its own file.
    pub(super) async fn record(&mut self, video: NewVideo) -> Result<job::Model, RunError> {
        let db = &self.context.db;
        failpoint::hit("after-file");
        let completed = retry_transient("recording a video", || job::complete(db, self.claim, video.clone())).await?;
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
