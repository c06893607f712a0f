//! The generations of the `videos` dialect, by id. They outlive the connection that created them.
//!
//! Nothing runs in the background: the state of a generation is computed from its script and the elapsed time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::generation_state::GenerationState;
use crate::bounded_map::BoundedMap;
use crate::dialect::Flavour;
use crate::media::clip::Orientation;
use crate::media::video::Video;
use crate::plan::Plan;
use crate::plan::videos::Envelope;
use crate::script::{Step, script};
use crate::stats::counters::StatsKey;

/// Maximum number of generations; the oldest are dropped first.
const MAX_GENERATIONS: usize = 20_000;

/// A valid create request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CreateRequest {
    pub(crate) prompt: String,
    pub(crate) model: String,
    /// Length of the video in seconds, as the client wrote it.
    pub(crate) seconds: String,
    /// `WIDTHxHEIGHT`.
    pub(crate) size: String,
    /// Whether the request contains a reference image.
    pub(crate) image: bool,
}

/// One generation.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) id: String,
    pub(crate) request: CreateRequest,
    pub(crate) plan: Plan,
    pub(crate) video: Arc<Video>,
    /// Seconds since 1970.
    pub(crate) created_at: u64,
    started: Instant,
    polls: AtomicU64,
    deleted: AtomicBool,
}

/// The generations of one simulator.
#[derive(Debug)]
pub(crate) struct Generations(Mutex<BoundedMap<String, Arc<Generation>>>);

impl Generation {
    /// A generation that starts now.
    pub(crate) fn new(request: CreateRequest, plan: Plan, key: StatsKey) -> Self {
        let clip = Orientation::from_size(&request.size).clip(key.prompt);
        let video = Video::new(Uuid::new_v4(), clip, key, plan.download.clone());
        Self {
            id: new_id(&plan),
            request,
            plan,
            video: Arc::new(video),
            created_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            started: Instant::now(),
            polls: AtomicU64::new(0),
            deleted: AtomicBool::new(false),
        }
    }

    /// Its state at creation.
    pub(crate) fn initial_state(&self) -> GenerationState {
        GenerationState::after(&self.script(), 0)
    }

    /// Its state now.
    pub(crate) fn state(&self) -> GenerationState {
        let ticks = self.started.elapsed().as_nanos().checked_div(self.plan.pace.as_nanos());
        GenerationState::after(&self.script(), ticks.and_then(|ticks| ticks.try_into().ok()).unwrap_or(usize::MAX))
    }

    /// Counts a poll. Returns the number of polls so far.
    pub(crate) fn record_poll(&self) -> u64 {
        self.polls.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Relaxed)
    }

    /// Deletes it. Returns false if it was deleted before.
    pub(crate) fn delete(&self) -> bool {
        !self.deleted.swap(true, Ordering::Relaxed)
    }

    fn script(&self) -> Vec<Step> {
        script(&self.plan, self.plan.ending.in_videos())
    }
}

impl Generations {
    /// An empty store.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(BoundedMap::new(MAX_GENERATIONS)))
    }

    /// Stores a generation.
    pub(crate) fn insert(&self, generation: Generation) -> Arc<Generation> {
        let generation = Arc::new(generation);
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(generation.id.clone(), Arc::clone(&generation));
        generation
    }

    /// The generation with this id, deleted or not, unless it was dropped.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Generation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// A new id in the style of the flavour. An odd id must be encoded in a path.
fn new_id(plan: &Plan) -> String {
    let id = Uuid::new_v4();
    if plan.videos.envelope == Envelope::NumericId {
        // Fifteen digits: exact in every JSON parser.
        return (100_000_000_000_000 + id.as_u128() % 900_000_000_000_000).to_string();
    }
    let id = id.simple();
    match plan.flavour {
        _ if plan.videos.odd_id => format!("video_bGl0/ZWxs+bTo{id}=="),
        Flavour::Openai => format!("video_{id}"),
        Flavour::VllmOmni => format!("video_gen_{id}"),
    }
}
