//! The last part of the line: the result is fetched, stored, and recorded.

use std::time::Duration;

use entity::id::fresh;
use entity::job::{self, NewVideo};
use sora::{Failure, Outcome};
use storage::{PutError, video_path};
use tokio::time::timeout;
use url::Url;

use super::{Line, Stop};
use crate::metrics::Why;
use crate::retry_transient::persist;
use crate::{failpoint, metrics};

/// How long a job waits when the storage takes or gives nothing.
pub(super) const STORAGE_PAUSE: Duration = Duration::from_secs(30);

impl Line<'_> {
    /// Downloads the result into the storage; one that is full makes it wait, at the cost of no budget. Whoever holds the
    /// job later writes under another path.
    pub(super) async fn fetch(&mut self, url: &Url) -> Result<NewVideo, Stop> {
        let unfetchable = |detail: String| Stop::Failed(Failure::new(Outcome::Unfetchable, detail));
        let store = async {
            let token = self.context.driver.credential(url);
            let download = self.context.fetcher.get(url, token).await.map_err(|error| unfetchable(chain(&error)))?;
            let (path, mime) = (
                video_path(self.hold.job, self.hold.epoch, download.media.extension()),
                download.media.mime().to_owned(),
            );
            failpoint::point("in-download");
            let stored = self.context.storage.put(&path, download.bytes).await.map_err(|error| match error {
                PutError::Source(error) => unfetchable(chain(&error)),
                PutError::Storage(error) => {
                    ::metrics::counter!("sora_storage_errors_total").increment(1);
                    tracing::error!(error = chain(&error), "the storage takes nothing; a download waits");
                    Stop::PutOff(Why::Storage, STORAGE_PAUSE)
                }
            })?;
            Ok((path, mime, stored))
        };
        let total = self.context.config.upstream.timeouts.total;
        let stored = timeout(total, store).await.unwrap_or_else(|_| Err(unfetchable("over the total time".into())));
        stored.map(|(path, content_type, stored)| NewVideo {
            id: fresh(),
            path,
            size: i64::try_from(stored.size).unwrap_or(i64::MAX),
            content_type,
            sha256: stored.sha256,
        })
    }

    /// Commits the end; a worker that has lost the job removes its own file, whose path nobody else has.
    pub(super) async fn record(&mut self, video: NewVideo) -> Result<job::Model, Stop> {
        let db = &self.context.db;
        let path = video.path.clone();
        failpoint::point("after-file");
        match persist("recording a video", || job::complete(db, self.hold, video.clone())).await? {
            Some(job) => {
                failpoint::point("after-commit");
                self.phases.end();
                metrics::stored(video.size);
                tracing::info!(video.id = %video.id, "completed");
                self.context.inspector.soon(video.id);
                Ok(job)
            }
            None => {
                self.context.storage.delete(&path).await.ok();
                Err(Stop::Lost)
            }
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
