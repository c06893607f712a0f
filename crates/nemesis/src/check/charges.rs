//! Nothing was submitted beyond what was allowed and recorded beforehand: the simulators' counts against the rows.

use std::collections::BTreeMap;

use anyhow::Context as _;
use entity::job::{self, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::FinalState;
use crate::history::State;
use crate::plan::Plan;
use crate::platform::Platform;
use crate::upstreams::Upstreams;

/// `SORA_MAX_RETRIES`: the platform's default.
const MAX_RETRIES: i32 = 5;

/// Maximum number of repeated downloads: the platform's default.
const MAX_FETCHES: i32 = 4;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    requests: u64,
    submissions: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.submissions += other.submissions;
    }
}

/// Checks the counts of every job's prompt.
pub(super) async fn check(platform: &Platform, final_state: &mut FinalState, plan: &Plan) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut counted = BTreeMap::new();
    let mut all = Counts::default();
    for (number, upstream) in platform.upstreams.iter().enumerate() {
        for (id, job) in &final_state.jobs {
            let url = reqwest::Url::parse_with_params(&format!("{upstream}/sim/stats"), [("prompt", &job.prompt)])?;
            let counts: Counts = http.get(url).send().await?.json().await.context("reading a simulator's counts")?;
            let name = Upstreams::name(number);
            let sent = final_state.attempts(*id).iter().filter(|attempt| attempt.upstream == name).count() as u64;
            if counts.requests > sent {
                let requests = counts.requests;
                platform.log.violation(format!("job {id}: {requests} requests at {name}, {sent} attempts on record"));
            }
            counted.entry(*id).or_insert_with(Counts::default).add(counts);
        }
        all.add(http.get(format!("{upstream}/sim/stats")).send().await?.json().await?);
    }
    (final_state.requests, final_state.submissions) = (all.requests, all.submissions);
    let sum: u64 = counted.values().map(|counts| counts.requests).sum();
    // A request whose sender is killed before it has sent the whole body has no prompt. Its attempt is on record.
    let without_request = counted.iter().map(|(id, counts)| {
        let attempts = final_state.attempts(*id).len() as u64;
        attempts.saturating_sub(counts.requests)
    });
    if all.requests < sum || all.requests - sum > without_request.sum() {
        platform
            .log
            .violation(format!("the simulators received {} requests, {sum} of them for known jobs", all.requests));
    }
    for (id, counts) in counted {
        if let Some(job) = final_state.jobs.get(&id) {
            let states = final_state.history.jobs.get(&id).map_or(&[][..], Vec::as_slice);
            for violation in check_job(final_state, plan, job, states, counts) {
                platform.log.violation(format!("job {id}: {violation}"));
            }
        }
    }
    Ok(())
}

fn check_job(final_state: &FinalState, plan: &Plan, job: &job::Model, states: &[State], counts: Counts) -> Vec<String> {
    let mut violations = Vec::new();
    let id = Uuid::from(job.id);
    let attempts = final_state.attempts(id);
    let drawn = resubmits_per_run(states);
    let allowed: i32 = drawn.iter().map(|drawn| 1 + drawn).sum();
    if counts.submissions > u64::try_from(allowed).unwrap_or(0) {
        violations
            .push(format!("{} submissions, {allowed} allowed (resubmits per run: {drawn:?})", counts.submissions));
    }
    if let Some(most) = drawn.iter().max().filter(|most| **most > plan.resubmits) {
        violations.push(format!("{most} resubmits drawn, {} allowed", plan.resubmits));
    }
    if counts.requests > attempts.len() as u64 {
        violations.push(format!("{} requests, {} attempts on record", counts.requests, attempts.len()));
    }
    if job.status == Status::Completed && counts.submissions == 0 {
        violations.push("completed without a submission".into());
    }
    violations.extend(premature_failure(plan, job));
    violations
}

/// Resubmissions drawn in each run of a job: the first, and one for each retry by its owner.
fn resubmits_per_run(states: &[State]) -> Vec<i32> {
    let mut runs = vec![0];
    for (i, state) in states.iter().enumerate() {
        if i > 0 && states[i - 1].is_terminal() {
            runs.push(0);
        }
        if let Some(drawn) = runs.last_mut() {
            *drawn = state.resubmits.max(*drawn);
        }
    }
    runs
}

/// A failure before its budget was spent, or one that does not report a possible charge.
fn premature_failure(plan: &Plan, job: &job::Model) -> Option<String> {
    let code = job.error_code.as_deref().filter(|_| job.status == Status::Failed)?;
    let (spent, budget, charged) = match code {
        "interrupted" | "unknown" | "stalled" | "timed_out" | "lost" => (job.resubmits, plan.resubmits, true),
        "busy" | "transient" => (job.retries, MAX_RETRIES, false),
        "unfetchable" => (job.fetches, MAX_FETCHES, true),
        _ => return None,
    };
    if spent < budget {
        return Some(format!("failed as {code} with only {spent} of {budget} retries spent"));
    }
    (charged && !job.may_have_been_charged).then(|| format!("failed as {code} but reports no possible charge"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_of_a_job_has_its_own_budget() {
        let state = |status: &str, resubmits| State {
            at: 0,
            job: Uuid::nil(),
            seq: 0,
            status: status.into(),
            phase: None,
            progress: 0,
            epoch: 0,
            worker: None,
            resubmits,
            writer: String::new(),
        };
        let states = [("pending", 0), ("processing", 1), ("failed", 1), ("pending", 0), ("processing", 2)];
        assert_eq!(resubmits_per_run(&states.map(|(status, drawn)| state(status, drawn))), [1, 2]);
    }
}
