//! The last part of the line: the result is fetched, stored, and recorded.

use std::time::Duration;

use entity::id::new_id;
use entity::job::{self, NewVideo};
use sora::{Failure, Outcome};
use storage::{PutError, video_path};
use tokio::time::timeout;
use url::Url;

use super::{JobRun, RunError};
use crate::metrics::DeferReason;
use crate::retry_transient::retry_transient;
use crate::{failpoint, metrics};

/// How long a job waits when the storage takes or gives nothing.
pub(super) const STORAGE_PAUSE: Duration = Duration::from_secs(30);

impl JobRun<'_> {
    /// Downloads the result into the storage; one that is full makes it wait, at the cost of no budget. Whoever holds the
    /// job later writes under another path.
    pub(super) async fn download(&mut self, url: &Url) -> Result<NewVideo, RunError> {
        let unfetchable = |detail: String| RunError::Failed(Failure::new(Outcome::Unfetchable, detail));
        let store = async {
            let token = self.context.driver.credential(url);
            let download = self.context.fetcher.get(url, token).await.map_err(|error| unfetchable(chain(&error)))?;
            let (path, mime) = (
                video_path(self.hold.job, self.hold.epoch, download.media.extension()),
                download.media.mime().to_owned(),
            );
            failpoint::hit("in-download");
            let stored = self.context.storage.put(&path, download.bytes).await.map_err(|error| match error {
                PutError::Source(error) => unfetchable(chain(&error)),
                PutError::Storage(error) => {
                    metrics::storage_error();
                    tracing::error!(error = chain(&error), "the storage takes nothing; a download waits");
                    RunError::Deferred(DeferReason::Storage, STORAGE_PAUSE)
                }
            })?;
            Ok((path, mime, stored))
        };
        let total = self.context.config.upstream.timeouts.total;
        let stored = timeout(total, store).await.unwrap_or_else(|_| Err(unfetchable("over the total time".into())));
        stored.map(|(path, content_type, stored)| NewVideo {
            id: new_id(),
            path,
            size: i64::try_from(stored.size).unwrap_or(i64::MAX),
            content_type,
            sha256: stored.sha256,
        })
    }

    /// Commits the end; a worker that has lost the job removes its own file, whose path nobody else has.
    pub(super) async fn record(&mut self, video: NewVideo) -> Result<job::Model, RunError> {
        let db = &self.context.db;
        let path = video.path.clone();
        failpoint::hit("after-file");
        match retry_transient("recording a video", || job::complete(db, self.hold, video.clone())).await? {
            Some(job) => {
                failpoint::hit("after-commit");
                self.phases.end();
                metrics::video_stored(video.size);
                tracing::info!(video.id = %video.id, "completed");
                self.context.inspector.enqueue(video.id);
                Ok(job)
            }
            None => {
                self.context.storage.delete(&path).await.ok();
                Err(RunError::NotHeld)
            }
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
