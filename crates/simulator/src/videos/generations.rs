//! The generations of the `videos` dialect: whoever knows an id can ask, also after the connection that created it died.
//!
//! Nothing runs: what a generation has come to is worked out from its script and the time whenever somebody asks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::bounded_map::Recent;
use crate::dialect::Flavour;
use crate::media::Video;
use crate::media::clip::Orientation;
use crate::plan::Plan;
use crate::script::{Step, script};
use crate::stats::counters::Origin;

/// Generations that can still be asked for.
const JOBS: usize = 20_000;

/// What a client ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) prompt: String,
    pub(crate) model: String,
    /// The clip's length, as it was written.
    pub(crate) seconds: String,
    /// `WIDTHxHEIGHT`.
    pub(crate) size: String,
    /// Whether a reference image came along.
    pub(crate) image: bool,
}

/// One generation.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) order: Order,
    pub(crate) plan: Plan,
    pub(crate) video: Arc<Video>,
    /// Seconds since 1970.
    pub(crate) created_at: u64,
    born: Instant,
    polls: AtomicU64,
    deleted: AtomicBool,
}

/// The generations of one simulator, the oldest forgotten first: see [`JOBS`].
#[derive(Debug)]
pub(crate) struct Jobs(Mutex<Recent<String, Option<Arc<Job>>>>);

impl Job {
    /// A generation that begins now.
    pub(crate) fn new(id: String, order: Order, plan: Plan, origin: Origin) -> Self {
        let clip = Orientation::of_size(&order.size).clip(origin.prompt);
        let video = Video::new(Uuid::new_v4(), clip, origin, plan.file.clone());
        Self {
            id,
            order,
            plan,
            video: Arc::new(video),
            created_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            born: Instant::now(),
            polls: AtomicU64::new(0),
            deleted: AtomicBool::new(false),
        }
    }

    /// All that happens to it.
    pub(crate) fn script(&self) -> Vec<Step> {
        script(&self.plan, self.plan.ending.in_videos())
    }

    /// How many timed steps have happened by now.
    pub(crate) fn ticks(&self) -> usize {
        let ticks = self.born.elapsed().as_nanos().checked_div(self.plan.pace.as_nanos());
        ticks.and_then(|ticks| ticks.try_into().ok()).unwrap_or(usize::MAX)
    }

    /// Counts a poll: how many it makes.
    pub(crate) fn poll(&self) -> u64 {
        self.polls.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether it was taken away.
    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Relaxed)
    }

    /// Takes it away from those who ask; false if that was done before.
    pub(crate) fn delete(&self) -> bool {
        !self.deleted.swap(true, Ordering::Relaxed)
    }
}

impl Jobs {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Recent::new(JOBS)))
    }

    /// Keeps a generation.
    pub(crate) fn add(&self, job: Job) -> Arc<Job> {
        let job = Arc::new(job);
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *jobs.entry(job.id.clone()) = Some(Arc::clone(&job));
        job
    }

    /// The generation of this id, deleted or not, unless it is forgotten.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().flatten()
    }
}

/// A new id, in the way of the servers; one that is odd must be encoded to stand in a path.
pub(crate) fn new_id(flavour: Flavour, odd: bool) -> String {
    let id = Uuid::new_v4().simple();
    match flavour {
        _ if odd => format!("video_bGl0/ZWxs+bTo{id}=="),
        Flavour::Openai => format!("video_{id}"),
        Flavour::VllmOmni => format!("video_gen_{id}"),
    }
}
