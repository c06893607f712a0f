//! Nothing was bought that was not allowed and on record before: the simulator's counts against the rows.

use std::collections::BTreeMap;

use anyhow::Context as _;
use entity::job::{self, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::FinalState;
use crate::history::State;
use crate::plan::Plan;
use crate::platform::Platform;

/// How often a request that surely started nothing is repeated: the platform's default.
const MAX_RETRIES: i32 = 5;

/// How often a download is repeated.
const MAX_FETCHES: i32 = 4;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    requests: u64,
    submissions: u64,
}

/// Checks every prompt.
pub(super) async fn check(platform: &Platform, final_state: &mut FinalState, plan: &Plan) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut counted = BTreeMap::new();
    for (id, job) in &final_state.jobs {
        let url =
            reqwest::Url::parse_with_params(&format!("{}/sim/stats", platform.upstream), [("prompt", &job.prompt)])?;
        let counts: Counts = http.get(url).send().await?.json().await.context("the simulator's counts")?;
        counted.insert(*id, counts);
    }
    let all: Counts = http.get(format!("{}/sim/stats", platform.upstream)).send().await?.json().await?;
    (final_state.requests, final_state.submissions) = (all.requests, all.submissions);
    let sum: u64 = counted.values().map(|counts| counts.requests).sum();
    if sum != all.requests {
        platform.log.violation(format!("the simulator was asked {} times, {sum} of them for jobs", all.requests));
    }
    for (id, counts) in counted {
        if let Some(job) = final_state.jobs.get(&id) {
            let states = final_state.history.jobs.get(&id).map_or(&[][..], Vec::as_slice);
            for wrong in check_job(final_state, plan, job, states, counts) {
                platform.log.violation(format!("job {id}: {wrong}"));
            }
        }
    }
    Ok(())
}

fn check_job(final_state: &FinalState, plan: &Plan, job: &job::Model, states: &[State], counts: Counts) -> Vec<String> {
    let mut wrong = Vec::new();
    let id = Uuid::from(job.id);
    let attempts = final_state.attempts(id);
    let drawn = resubmits_per_run(states);
    let allowed: i32 = drawn.iter().map(|drawn| 1 + drawn).sum();
    if counts.submissions > u64::try_from(allowed).unwrap_or(0) {
        wrong.push(format!(
            "{} submissions, {allowed} were allowed (resubmits per planned: {drawn:?})",
            counts.submissions
        ));
    }
    if let Some(most) = drawn.iter().max().filter(|most| **most > plan.resubmits) {
        wrong.push(format!("{most} resubmits were drawn, {} are allowed", plan.resubmits));
    }
    if counts.requests > attempts.len() as u64 {
        wrong.push(format!("{} requests, {} attempts on record", counts.requests, attempts.len()));
    }
    if job.status == Status::Completed && counts.submissions == 0 {
        wrong.push("it was completed without a submission".into());
    }
    wrong.extend(premature_failure(plan, job));
    wrong
}

/// What each planned of the owner has drawn from the budget.
fn resubmits_per_run(states: &[State]) -> Vec<i32> {
    let mut jobs = vec![0];
    for (i, state) in states.iter().enumerate() {
        if i > 0 && states[i - 1].is_terminal() {
            jobs.push(0);
        }
        if let Some(drawn) = jobs.last_mut() {
            *drawn = state.resubmits.max(*drawn);
        }
    }
    jobs
}

/// A failure before its budget was spent, or one that hides what it cost.
fn premature_failure(plan: &Plan, job: &job::Model) -> Option<String> {
    let code = job.error_code.as_deref().filter(|_| job.status == Status::Failed)?;
    let (spent, budget, charged) = match code {
        "interrupted" | "unknown" | "stalled" | "timed_out" | "lost" => (job.resubmits, plan.resubmits, true),
        "busy" | "transient" => (job.retries, MAX_RETRIES, false),
        "unfetchable" => (job.fetches, MAX_FETCHES, true),
        _ => return None,
    };
    if spent < budget {
        return Some(format!("it failed as {code} with {spent} of {budget} tries spent"));
    }
    (charged && !job.may_have_been_charged).then(|| format!("it failed as {code} and says that nothing was charged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wish_has_a_budget_of_its_own() {
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
