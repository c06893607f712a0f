//! The generation behind a stream: what a variant needs to render a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::request::ChatRequest;
use crate::media::clip::Orientation;
use crate::media::video::Video;
use crate::plan::Plan;
use crate::stats::counters::StatsKey;

/// The generation behind a stream.
#[derive(Debug)]
pub(super) struct StreamContext {
    pub(super) id: Uuid,
    pub(super) prompt: String,
    pub(super) orientation: Orientation,
    pub(super) video: Arc<Video>,
    pub(super) plan: Plan,
    /// Base URL of this server.
    pub(super) base: String,
    /// The last timestamp sent, in milliseconds since 1970.
    last_timestamp: AtomicU64,
}

impl StreamContext {
    /// A generation that starts now, on the server at `base`.
    pub(super) fn new(request: ChatRequest, key: StatsKey, plan: Plan, base: String) -> Self {
        let id = Uuid::new_v4();
        let orientation = Orientation::from_model(&request.model);
        let clip = orientation.clip(key.prompt);
        let video = Arc::new(Video::new(id, clip, key, plan.download.clone()));
        Self { id, prompt: request.prompt, orientation, video, plan, base, last_timestamp: AtomicU64::new(0) }
    }

    /// URL of the video.
    pub(super) fn url(&self) -> String {
        self.video.url(&self.base)
    }

    /// URL of a file beside the video.
    pub(super) fn companion_url(&self, name: &str) -> String {
        self.video.companion_url(&self.base, name)
    }

    /// The current time in milliseconds since 1970, strictly greater than any timestamp returned before.
    pub(super) fn timestamp(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let later = |last: u64| Some(now.max(last + 1));
        let last = self.last_timestamp.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        last.map_or(now, |last| now.max(last + 1))
    }

    /// Length of the prompt as upstreams report it: one token per character.
    pub(super) fn prompt_tokens(&self) -> usize {
        self.prompt.chars().count()
    }
}
