//! Everything that a seed decides about a run: settings, users' requests, and faults.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fault::{ScheduledFault, schedule};
use crate::upstreams::{MODELS, Upstreams};

/// Number of users.
pub(crate) const USERS: usize = 4;

/// The plan of a run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The seed it is drawn from.
    pub(crate) seed: u64,
    /// How long users submit and faults are injected.
    pub(crate) load: Duration,
    /// `SORA_MAX_RESUBMITS`.
    pub(crate) resubmits: i32,
    /// Maximum number of jobs in flight in each pool; 0 = no maximum.
    pub(crate) cap: u32,
    /// Milliseconds between two steps of the simulator.
    pub(crate) pace: u64,
    /// The upstreams' API.
    pub(crate) dialect: Dialect,
    /// The upstreams.
    pub(crate) upstreams: Upstreams,
    /// The jobs that each user submits.
    pub(crate) jobs: Vec<Vec<PlannedJob>>,
    /// The faults.
    pub(crate) faults: Vec<ScheduledFault>,
}

/// The upstream's API: `Chat` streams, and a generation is lost with its connection; `Videos` has ids that can be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    Videos,
}

impl Dialect {
    /// Path of the submission endpoint.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Videos => "/v1/videos",
        }
    }
}

/// A job that a user submits.
#[derive(Clone, Debug)]
pub(crate) struct PlannedJob {
    /// Time since the load started.
    pub(crate) at: Duration,
    /// A unique prompt.
    pub(crate) prompt: String,
    /// The model, which decides the pool.
    pub(crate) model: &'static str,
    /// Time from acceptance to cancellation.
    pub(crate) cancel: Option<Duration>,
    /// Whether to retry the job once if it fails or is cancelled.
    pub(crate) retry: bool,
}

impl Plan {
    /// Draws a plan with about `jobs` jobs.
    pub(crate) fn draw(seed: u64, jobs: usize, load: Duration) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let resubmits = rng.random_range(0..=2);
        let cap = if rng.random_bool(0.3) { 4 } else { 0 };
        let pace = rng.random_range(60..=120);
        // With a concurrency of four, fewer and faster jobs, so that all end in time.
        let (jobs, pace) = if cap == 0 { (jobs, pace) } else { (jobs / 2, pace / 2) };
        let dialect = if rng.random_bool(0.5) { Dialect::Videos } else { Dialect::Chat };
        let mut for_user = |user| plan_jobs(&mut rng, (seed, user), jobs.div_ceil(USERS), load, dialect);
        let jobs = (0..USERS).map(&mut for_user).collect();
        let faults = schedule(&mut rng, load);
        let upstreams = Upstreams::draw(&mut rng, cap);
        Self { seed, load, resubmits, cap, pace, dialect, upstreams, jobs, faults }
    }
}

fn plan_jobs(
    rng: &mut StdRng,
    (seed, user): (u64, usize),
    jobs: usize,
    load: Duration,
    dialect: Dialect,
) -> Vec<PlannedJob> {
    let planned = |job| {
        let tag = simulator_tag(rng, dialect);
        PlannedJob {
            at: load.mul_f64(rng.random_range(0.0..0.9)),
            prompt: format!("seed {seed}, user {user}, job {job}: 海边的日落 {tag}"),
            model: pick(rng, &MODELS),
            cancel: rng.random_bool(0.15).then(|| Duration::from_millis(rng.random_range(0..2_500))),
            retry: rng.random_bool(0.4),
        }
    };
    (0..jobs).map(planned).collect()
}

/// The simulator tag of a prompt. Failures before a stream are limited in number, so that the job can outlast them.
fn simulator_tag(rng: &mut StdRng, dialect: Dialect) -> String {
    let point = rng.random_range(5..95);
    let times = rng.random_range(1..=3);
    // How a generation is lost: with its stream, or from the upstream's records.
    let lost = if dialect == Dialect::Chat { "cut" } else { "lost" };
    match rng.random_range(0..100) {
        0..30 => String::new(),
        30..50 => format!("[sim:{}]", pick(rng, if dialect == Dialect::Chat { &CHAT_SHAPES } else { &VIDEOS_SHAPES })),
        50..57 => "[sim:pace=300]".into(),
        57..63 => "[sim:silent]".into(),
        63..68 => "[sim:no-done,pings,crlf]".into(),
        68..73 => format!("[sim:{lost}@{point}%]"),
        73..78 => format!("[sim:{lost}@{point}%*1]"),
        78..80 => "[sim:create-answer-lost*1]".into(),
        80..83 => "[sim:cut-after-result,poll-5xx-3]".into(),
        83..89 => format!("[sim:refuse@{point}%]"),
        89..96 => format!("[sim:http-503*{times}]"),
        _ => format!("[sim:http-500*{times}]"),
    }
}

/// Answers of upstreams in the wild, as the simulator imitates them, and refusals among them.
const CHAT_SHAPES: [&str; 14] = [
    "poster-tag",
    "escaped-link",
    "relative-link",
    "prose-link",
    "one-line-fence",
    "page-first",
    "preview-first",
    "content-parts",
    "gzip-unannounced",
    "text-plain-json",
    "notice-failure",
    "guardrails",
    "content-filter",
    "truncated-clean*1",
];
const VIDEOS_SHAPES: [&str; 12] = [
    "result-field=video_url",
    "no-content-url-only",
    "content-json",
    "early-result",
    "gzip",
    "status-words=done",
    "status-words=rejected",
    "poll-400-moderated",
    "nested-task-id",
    "empty-id",
    "truncated-clean*1",
    "partial-206",
];

fn pick<'a>(rng: &mut StdRng, texts: &[&'a str]) -> &'a str {
    texts[rng.random_range(0..texts.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_decides_the_plan_and_prompts_are_unique() {
        let draw = |seed| Plan::draw(seed, 40, Duration::from_secs(7));
        assert_eq!(format!("{:?}", draw(7)), format!("{:?}", draw(7)));
        let plan = draw(7);
        let prompts: HashSet<_> = plan.jobs.iter().flatten().map(|job| &job.prompt).collect();
        assert_eq!(prompts.len(), plan.jobs.iter().flatten().count());
    }
}
