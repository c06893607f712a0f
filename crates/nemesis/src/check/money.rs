//! Nothing was bought that was not allowed and on record before: the simulator's counts against the rows.

use std::collections::BTreeMap;

use anyhow::Context as _;
use entity::job::{self, Status};
use serde::Deserialize;
use uuid::Uuid;

use super::Facts;
use crate::history::State;
use crate::plan::Plan;
use crate::world::World;

/// How often a request that surely started nothing is repeated: the platform's default.
const RETRIES: i32 = 5;

/// How often a download is repeated.
const FETCHES: i32 = 4;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    requests: u64,
    submissions: u64,
}

/// Checks every prompt.
pub(super) async fn check(world: &World, facts: &mut Facts, plan: &Plan) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut counted = BTreeMap::new();
    for (id, job) in &facts.jobs {
        let url = reqwest::Url::parse_with_params(&format!("{}/sim/stats", world.upstream), [("prompt", &job.prompt)])?;
        let counts: Counts = http.get(url).send().await?.json().await.context("the simulator's counts")?;
        counted.insert(*id, counts);
    }
    let all: Counts = http.get(format!("{}/sim/stats", world.upstream)).send().await?.json().await?;
    (facts.requests, facts.submissions) = (all.requests, all.submissions);
    let sum: u64 = counted.values().map(|counts| counts.requests).sum();
    if sum != all.requests {
        world.log.wrong(format!("the simulator was asked {} times, {sum} of them for jobs", all.requests));
    }
    for (id, counts) in counted {
        if let Some(job) = facts.jobs.get(&id) {
            let states = facts.history.jobs.get(&id).map_or(&[][..], Vec::as_slice);
            for wrong in of_job(facts, plan, job, states, counts) {
                world.log.wrong(format!("job {id}: {wrong}"));
            }
        }
    }
    Ok(())
}

fn of_job(facts: &Facts, plan: &Plan, job: &job::Model, states: &[State], counts: Counts) -> Vec<String> {
    let mut wrong = Vec::new();
    let id = Uuid::from(job.id);
    let attempts = facts.attempts(id);
    let drawn = resubmits(states);
    let allowed: i32 = drawn.iter().map(|drawn| 1 + drawn).sum();
    if counts.submissions > u64::try_from(allowed).unwrap_or(0) {
        wrong.push(format!(
            "{} submissions, {allowed} were allowed (resubmits per wish: {drawn:?})",
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
    wrong.extend(undue(plan, job));
    wrong
}

/// What each wish of the owner has drawn from the budget.
fn resubmits(states: &[State]) -> Vec<i32> {
    let mut wishes = vec![0];
    for (i, state) in states.iter().enumerate() {
        if i > 0 && states[i - 1].is_terminal() {
            wishes.push(0);
        }
        if let Some(drawn) = wishes.last_mut() {
            *drawn = state.resubmits.max(*drawn);
        }
    }
    wishes
}

/// A failure before its budget was spent, or one that hides what it cost.
fn undue(plan: &Plan, job: &job::Model) -> Option<String> {
    let code = job.error_code.as_deref().filter(|_| job.status == Status::Failed)?;
    let (spent, budget, charged) = match code {
        "interrupted" | "unknown" | "stalled" | "timed_out" | "lost" => (job.resubmits, plan.resubmits, true),
        "busy" | "transient" => (job.retries, RETRIES, false),
        "unfetchable" => (job.fetches, FETCHES, true),
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
        assert_eq!(resubmits(&states.map(|(status, drawn)| state(status, drawn))), [1, 2]);
    }
}
