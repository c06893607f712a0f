//! The videos that can be downloaded from `/media/…`. Their number is bounded, the oldest are dropped first.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::video::Video;
use crate::bounded_map::BoundedMap;

/// Maximum number of videos that can be downloaded.
const MAX_VIDEOS: usize = 100_000;

/// The videos that can be downloaded, by id.
#[derive(Debug)]
pub(crate) struct VideoStore(Mutex<BoundedMap<Uuid, Arc<Video>>>);

impl VideoStore {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(BoundedMap::new(MAX_VIDEOS)))
    }

    /// Makes a video available for download.
    pub(crate) fn publish(&self, video: &Arc<Video>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(video.id(), Arc::clone(video));
    }

    /// The video with this id, if it has been published and not been dropped.
    pub(crate) fn find(&self, id: Uuid) -> Option<Arc<Video>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}
