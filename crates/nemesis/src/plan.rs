//! Everything about a run that a seed decides: the platform's settings, what its users ask for, and the faults.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fault::{ScheduledFault, schedule};

/// How many people use the platform.
pub(crate) const USERS: usize = 4;

/// A run, before it happens.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What all of it is drawn from.
    pub(crate) seed: u64,
    /// How long users ask and faults strike.
    pub(crate) load: Duration,
    /// `SORA_MAX_RESUBMITS`.
    pub(crate) resubmits: i32,
    /// `SORA_MAX_CONCURRENCY`.
    pub(crate) cap: u32,
    /// The simulator's milliseconds between two steps.
    pub(crate) pace: u64,
    /// What the upstream speaks.
    pub(crate) dialect: Dialect,
    /// What each user asks for.
    pub(crate) jobs: Vec<Vec<PlannedJob>>,
    /// What goes wrong.
    pub(crate) faults: Vec<ScheduledFault>,
}

/// What an upstream speaks: a stream that is lost with its reader, or ids that anybody can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    Videos,
}

impl Dialect {
    /// Where its submissions go.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Videos => "/v1/videos",
        }
    }
}

/// A video that a user asks for.
#[derive(Clone, Debug)]
pub(crate) struct PlannedJob {
    /// Since the load began.
    pub(crate) at: Duration,
    /// Unlike any other.
    pub(crate) prompt: String,
    /// Cancelled this long after it was accepted.
    pub(crate) cancel: Option<Duration>,
    /// Started anew once, if it fails or was cancelled.
    pub(crate) retry: bool,
}

impl Plan {
    /// Draws a plan with about `jobs` jobs.
    pub(crate) fn draw(seed: u64, jobs: usize, load: Duration) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let resubmits = rng.random_range(0..=2);
        let cap = if rng.random_bool(0.3) { 4 } else { 0 };
        let pace = rng.random_range(60..=120);
        // Four at a time: what is asked for has to be done in time.
        let (jobs, pace) = if cap == 0 { (jobs, pace) } else { (jobs / 2, pace / 2) };
        let dialect = if rng.random_bool(0.5) { Dialect::Videos } else { Dialect::Chat };
        let mut for_user = |user| plan_jobs(&mut rng, (seed, user), jobs.div_ceil(USERS), load, dialect);
        let jobs = (0..USERS).map(&mut for_user).collect();
        let faults = schedule(&mut rng, load);
        Self { seed, load, resubmits, cap, pace, dialect, jobs, faults }
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
        let tag = behaviour(rng, dialect);
        PlannedJob {
            at: load.mul_f64(rng.random_range(0.0..0.9)),
            prompt: format!("seed {seed}, user {user}, planned {job}: 海边的日落 {tag}"),
            cancel: rng.random_bool(0.15).then(|| Duration::from_millis(rng.random_range(0..2_500))),
            retry: rng.random_bool(0.4),
        }
    };
    (0..jobs).map(planned).collect()
}

/// How the upstream treats a request. Errors before a stream are counted, so that a job outlives them.
fn behaviour(rng: &mut StdRng, dialect: Dialect) -> String {
    let point = rng.random_range(5..95);
    let times = rng.random_range(1..=3);
    // How a generation gets lost: with its stream, or from the upstream's memory.
    let lost = if dialect == Dialect::Chat { "cut" } else { "lost" };
    match rng.random_range(0..100) {
        0..50 => String::new(),
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_no_prompt_comes_twice() {
        let draw = |seed| Plan::draw(seed, 40, Duration::from_secs(7));
        assert_eq!(format!("{:?}", draw(7)), format!("{:?}", draw(7)));
        let plan = draw(7);
        let prompts: HashSet<_> = plan.jobs.iter().flatten().map(|planned| &planned.prompt).collect();
        assert_eq!(prompts.len(), plan.jobs.iter().flatten().count());
    }
}
