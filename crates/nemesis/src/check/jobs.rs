//! Each accepted job exists and ended once; `seq`, `epoch` and progress never went back in what was committed.

use std::collections::BTreeSet;

use entity::job;
use uuid::Uuid;

use super::FinalState;
use crate::client::User;
use crate::history::{History, State};
use crate::platform::Platform;

/// Reasons for which a job may fail here: what the upstream was told to do, and what crashes lead to.
const EXPECTED_ERROR_CODES: [&str; 8] =
    ["refused", "interrupted", "unknown", "busy", "transient", "poison", "unfetchable", "lost"];

/// Checks every job.
pub(super) fn check(platform: &Platform, final_state: &FinalState, users: &[User]) {
    let mut known = BTreeSet::new();
    for user in users {
        let record = user.observations.lock();
        for accepted in &record.accepted {
            known.insert(accepted.id);
            match final_state.jobs.get(&accepted.id) {
                None => platform.log.violation(format!("job {} was accepted and is lost", accepted.id)),
                Some(job) if job.prompt != accepted.prompt => {
                    platform.log.violation(format!("job {} has another prompt: {}", accepted.id, job.prompt));
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
            let again = final_state.history.jobs.get(id).map_or(0, |states| count_retries(states));
            if record.accepted.iter().any(|accepted| accepted.id == *id)
                && !(retries.granted..=retries.asked).contains(&again)
            {
                platform
                    .log
                    .violation(format!("job {id} was started anew {again} times, its owner asked for {retries:?}"));
            }
        }
    }
    for (id, job) in &final_state.jobs {
        if !known.contains(id) {
            platform.log.violation(format!("job {id} was never asked for: {}", job.prompt));
        }
        let states = final_state.history.jobs.get(id).map_or(&[][..], Vec::as_slice);
        for wrong in invalid_transitions(states).into_iter().chain(stale_writes(&final_state.history, states)) {
            platform.log.violation(format!("job {id}: {wrong}"));
        }
        for wrong in invalid_end(final_state, *id, job) {
            platform.log.violation(format!("job {id}: {wrong}"));
        }
    }
}

/// How often a job that had ended went on.
fn count_retries(states: &[State]) -> usize {
    states.windows(2).filter(|pair| pair[0].is_terminal() && pair[1].status == "pending").count()
}

/// What is wrong with a job's steps.
fn invalid_transitions(states: &[State]) -> Vec<String> {
    let mut wrong = Vec::new();
    if states.first().is_none_or(|first| first.seq != 1 || first.status != "pending") {
        wrong.push("it did not begin as pending with seq 1".into());
    }
    for pair in states.windows(2) {
        let [from, to] = pair else { continue };
        let step = format!(
            "from seq {} {} {:?} {} % to seq {} {} {:?} {} %",
            from.seq, from.status, from.phase, from.progress, to.seq, to.status, to.phase, to.progress
        );
        if to.seq != from.seq + 1 {
            wrong.push(format!("seq leaps {step}"));
        }
        if to.epoch < from.epoch || (to.worker.is_some() && to.worker != from.worker && to.epoch == from.epoch) {
            wrong.push(format!("another holder in the same epoch {step}"));
        }
        let anew = from.is_terminal() && to.status == "pending" && from.status != "completed";
        if from.is_terminal() && !anew {
            wrong.push(format!("a terminal state changed {step}"));
        }
        let begun = to.phase.as_deref() == Some("submitting") && to.progress == 0;
        if to.progress < from.progress && !anew && !begun {
            wrong.push(format!("progress went back within an attempt {step}"));
        }
        if from.status == "pending" && !matches!(to.status.as_str(), "pending" | "processing" | "cancelled") {
            wrong.push(format!("an impossible step {step}"));
        }
    }
    wrong
}

/// What somebody wrote about a job that another process had in hand. Its owner may, through a gateway, and whoever takes
/// it out of dead hands, which raises the epoch.
fn stale_writes(history: &History, states: &[State]) -> Vec<String> {
    let held = |pair: &&[State]| pair[0].worker.is_some() && pair[0].epoch == pair[1].epoch;
    let foreign = |pair: &&[State]| {
        let holder = pair[0].worker.and_then(|worker| history.hosts.get(&worker));
        holder != Some(&pair[1].writer) && !pair[1].writer.starts_with("gateway")
    };
    let told = |pair: &[State]| format!("{} wrote seq {} and did not hold it", pair[1].writer, pair[1].seq);
    let unheld = |pair: &&[State]| {
        let waits = pair[0].worker.is_none() && pair[0].status == "pending" && pair[1].worker.is_none();
        waits && pair[1].phase.as_deref().is_some_and(|phase| phase != "retrying")
    };
    states.windows(2).filter(|pair| (held(pair) && foreign(pair)) || unheld(pair)).map(told).collect()
}

/// What is wrong with a job's end.
fn invalid_end(final_state: &FinalState, id: Uuid, job: &job::Model) -> Vec<String> {
    let mut wrong = Vec::new();
    let last = final_state.history.jobs.get(&id).and_then(|states| states.last());
    if last.is_none_or(|last| last.seq != job.seq) {
        wrong.push(format!("its last commit is not its row: {last:?}"));
    }
    if !job.status.is_terminal() || job.worker_id.is_some() || job.phase.is_some() || job.finished_at.is_none() {
        wrong.push(format!("it has not wholly ended: {:?}, {:?}, {:?}", job.status, job.phase, job.worker_id));
    }
    let videos = final_state.videos.get(&id).map_or(&[][..], Vec::as_slice);
    let named = job.video_id.is_some_and(|video| videos.iter().any(|row| row.id == video));
    let (completed, failed) = (job.status == job::Status::Completed, job.status == job::Status::Failed);
    if completed != (videos.len() == 1 && named && job.progress == 100) || (!completed && !videos.is_empty()) {
        wrong.push(format!("it is {:?} with {} videos at {} %", job.status, videos.len(), job.progress));
    }
    let cut = job.prompt.contains("[sim:cut@") && job.prompt.contains("%]");
    let hopeless = cut || job.prompt.contains("[sim:refuse@");
    if completed && hopeless {
        wrong.push("it was completed though the upstream made no video".into());
    }
    if failed && !job.error_code.as_deref().is_some_and(|code| EXPECTED_ERROR_CODES.contains(&code)) {
        wrong.push(format!("it failed for {:?}: {:?}", job.error_code, job.error_message));
    }
    if (failed && job.error_message.is_none()) || (!failed && job.error_code.is_some()) {
        wrong.push(format!("it is {:?} with error {:?}", job.status, job.error_code));
    }
    if job.error_code.as_deref() == Some("poison") && job.crashes <= job::MAX_CRASHES {
        wrong.push(format!("it is poison after {} crashes", job.crashes));
    }
    wrong
}
