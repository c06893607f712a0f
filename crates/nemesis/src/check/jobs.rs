//! Each accepted job exists and ended once; `seq`, `epoch` and progress never decreased between commits.

use std::collections::BTreeSet;

use entity::job;
use uuid::Uuid;

use super::FinalState;
use crate::client::User;
use crate::history::{History, State};
use crate::platform::Platform;

/// Error codes a job may fail with here: those the simulator's tags cause, and those that crashes lead to.
const EXPECTED_ERROR_CODES: [&str; 9] =
    ["refused", "interrupted", "unknown", "busy", "transient", "poison", "unfetchable", "unreadable", "lost"];

/// Checks every job.
pub(super) fn check(platform: &Platform, final_state: &FinalState, users: &[User]) {
    let mut known = BTreeSet::new();
    for user in users {
        let record = user.observations.lock();
        for accepted in &record.accepted {
            known.insert(accepted.id);
            match final_state.jobs.get(&accepted.id) {
                None => platform.log.violation(format!("job {} was accepted but is missing", accepted.id)),
                Some(job) if job.prompt != accepted.prompt => {
                    platform.log.violation(format!("job {} has a different prompt: {}", accepted.id, job.prompt));
                }
                Some(_) => {}
            }
        }
        for (id, job) in &final_state.jobs {
            let unconfirmed = record.unconfirmed.contains(&job.prompt);
            if unconfirmed {
                known.insert(*id);
            }
            let retries = record.retries.get(id).copied().unwrap_or_default();
            let retried = final_state.history.jobs.get(id).map_or(0, |states| count_retries(states));
            if record.accepted.iter().any(|accepted| accepted.id == *id)
                && !(retries.accepted..=retries.sent).contains(&retried)
            {
                platform
                    .log
                    .violation(format!("job {id} was retried {retried} times; its owner's requests: {retries:?}"));
            }
        }
    }
    for (id, job) in &final_state.jobs {
        if !known.contains(id) {
            platform.log.violation(format!("job {id} was never submitted: {}", job.prompt));
        }
        let states = final_state.history.jobs.get(id).map_or(&[][..], Vec::as_slice);
        for violation in invalid_transitions(states).into_iter().chain(stale_writes(&final_state.history, states)) {
            platform.log.violation(format!("job {id}: {violation}"));
        }
        for violation in invalid_end(final_state, *id, job) {
            platform.log.violation(format!("job {id}: {violation}"));
        }
    }
}

/// Number of times a job left a terminal state.
fn count_retries(states: &[State]) -> usize {
    states.windows(2).filter(|pair| pair[0].is_terminal() && pair[1].status == "pending").count()
}

/// Transitions that the state machine forbids.
fn invalid_transitions(states: &[State]) -> Vec<String> {
    let mut violations = Vec::new();
    if states.first().is_none_or(|first| first.seq != 1 || first.status != "pending") {
        violations.push("the first state is not pending with seq 1".into());
    }
    for pair in states.windows(2) {
        let [from, to] = pair else { continue };
        let step = format!(
            "from seq {} {} {:?} {} % to seq {} {} {:?} {} %",
            from.seq, from.status, from.phase, from.progress, to.seq, to.status, to.phase, to.progress
        );
        if to.seq != from.seq + 1 {
            violations.push(format!("seq skipped a number {step}"));
        }
        if to.epoch < from.epoch || (to.worker.is_some() && to.worker != from.worker && to.epoch == from.epoch) {
            violations.push(format!("the worker changed without a new epoch {step}"));
        }
        let retried = from.is_terminal() && to.status == "pending" && from.status != "completed";
        if from.is_terminal() && !retried {
            violations.push(format!("a terminal state changed {step}"));
        }
        let new_attempt = to.phase.as_deref() == Some("submitting") && to.progress == 0;
        if to.progress < from.progress && !retried && !new_attempt {
            violations.push(format!("progress decreased within an attempt {step}"));
        }
        if from.status == "pending" && !matches!(to.status.as_str(), "pending" | "processing" | "cancelled") {
            violations.push(format!("invalid transition {step}"));
        }
    }
    violations
}

/// Writes by a process that did not hold the job. Its owner may write through a gateway. A worker that reclaims the job
/// raises its epoch.
fn stale_writes(history: &History, states: &[State]) -> Vec<String> {
    let claimed = |pair: &&[State]| pair[0].worker.is_some() && pair[0].epoch == pair[1].epoch;
    let foreign = |pair: &&[State]| {
        let holder = pair[0].worker.and_then(|worker| history.hosts.get(&worker));
        holder != Some(&pair[1].writer) && !pair[1].writer.starts_with("gateway")
    };
    let describe = |pair: &[State]| format!("{} wrote seq {} without holding the job", pair[1].writer, pair[1].seq);
    let unclaimed = |pair: &&[State]| {
        let waits = pair[0].worker.is_none() && pair[0].status == "pending" && pair[1].worker.is_none();
        waits && pair[1].phase.as_deref().is_some_and(|phase| phase != "retrying")
    };
    states.windows(2).filter(|pair| (claimed(pair) && foreign(pair)) || unclaimed(pair)).map(describe).collect()
}

/// What is inconsistent in a job's final state.
fn invalid_end(final_state: &FinalState, id: Uuid, job: &job::Model) -> Vec<String> {
    let mut violations = Vec::new();
    let last = final_state.history.jobs.get(&id).and_then(|states| states.last());
    if last.is_none_or(|last| last.seq != job.seq) {
        violations.push(format!("the last committed state differs from the row: {last:?}"));
    }
    if !job.status.is_terminal() || job.worker_id.is_some() || job.phase.is_some() || job.finished_at.is_none() {
        violations.push(format!("not fully ended: {:?}, {:?}, {:?}", job.status, job.phase, job.worker_id));
    }
    let videos = final_state.videos.get(&id).map_or(&[][..], Vec::as_slice);
    let named = job.video_id.is_some_and(|video| videos.iter().any(|row| row.id == video));
    let (completed, failed) = (job.status == job::Status::Completed, job.status == job::Status::Failed);
    if completed != (videos.len() == 1 && named && job.progress == 100) || (!completed && !videos.is_empty()) {
        violations.push(format!("{:?} with {} videos at {} %", job.status, videos.len(), job.progress));
    }
    let cut = job.prompt.contains("[sim:cut@") && job.prompt.contains("%]");
    let cannot_complete = cut || job.prompt.contains("[sim:refuse@");
    if completed && cannot_complete {
        violations.push("completed although the upstream made no video".into());
    }
    if failed && !job.error_code.as_deref().is_some_and(|code| EXPECTED_ERROR_CODES.contains(&code)) {
        violations.push(format!("unexpected error code {:?}: {:?}", job.error_code, job.error_message));
    }
    if (failed && job.error_message.is_none()) || (!failed && job.error_code.is_some()) {
        violations.push(format!("{:?} with error {:?}", job.status, job.error_code));
    }
    if job.error_code.as_deref() == Some("poison") && job.crashes <= job::MAX_CRASHES {
        violations.push(format!("poison after only {} crashes", job.crashes));
    }
    violations
}
