//! A generation under way: all that a variant needs to render a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::request::Submission;
use crate::media::Video;
use crate::media::clip::Orientation;
use crate::plan::Plan;
use crate::stats::counters::Origin;

/// A generation under way.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) id: Uuid,
    pub(super) prompt: String,
    pub(super) orientation: Orientation,
    pub(super) video: Arc<Video>,
    /// The address of this server.
    pub(super) base: String,
    /// The last moment told, in milliseconds since 1970.
    told: AtomicU64,
}

impl Generation {
    /// A generation that begins now, on the server at `base`.
    pub(super) fn new(submission: Submission, origin: Origin, plan: &Plan, base: String) -> Self {
        let id = Uuid::new_v4();
        let orientation = Orientation::of_model(&submission.model);
        let clip = orientation.clip(origin.prompt);
        let video = Arc::new(Video::new(id, clip, origin, plan.file.clone()));
        Self { id, prompt: submission.prompt, orientation, video, base, told: AtomicU64::new(0) }
    }

    /// Where its video will be.
    pub(super) fn url(&self) -> String {
        self.video.url(&self.base)
    }

    /// Now, in milliseconds since 1970, and later than any moment that this generation has told.
    pub(super) fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let later = |last: u64| Some(now.max(last + 1));
        self.told.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).map_or(now, |last| now.max(last + 1))
    }

    /// The prompt's length, as upstreams count it.
    pub(super) fn prompt_tokens(&self) -> usize {
        self.prompt.chars().count()
    }
}
