//! The end of each job was reported to its owner's webhook, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::FinalState;
use crate::history::State;
use crate::platform::Platform;
use crate::receiver::Event;
use crate::wait::wait_for;

/// The lease of a delivery whose sender was killed, a retry, and the receiver's delays.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until each end was reported, and checks what arrived.
pub(super) async fn check(platform: &Platform, final_state: &FinalState) {
    let ends: BTreeSet<(Uuid, i64)> = final_state.history.jobs.values().flat_map(|states| ends(states)).collect();
    let mut missing = Vec::new();
    let reported = wait_for("the end of each job is reported", DELIVERY_TIMEOUT, async || {
        let events = platform.receiver.events();
        let accepted: BTreeSet<_> =
            events.iter().filter(|event| event.accepted).map(|event| (event.job, event.seq)).collect();
        missing = ends.difference(&accepted).copied().collect();
        missing.is_empty().then_some(())
    });
    if reported.await.is_err() {
        let names: Vec<_> = missing.iter().map(|(job, seq)| format!("{job} {seq}")).collect();
        platform.log.violation(format!("{} ends of jobs were not reported: {}", missing.len(), names.join(", ")));
    }
    let events = platform.receiver.events();
    platform.log.note(format!("{} ends were reported by {} requests", ends.len(), events.len()));
    for violation in wrong(&ends, &final_state.history.jobs, &events) {
        platform.log.violation(violation);
    }
}

/// The versions of a job in which it ended.
fn ends(states: &[State]) -> Vec<(Uuid, i64)> {
    let mut ended = false;
    let mut ends = Vec::new();
    for state in states {
        if state.is_terminal() && !ended {
            ends.push((state.job, state.seq));
        }
        ended = state.is_terminal();
    }
    ends
}

/// What should not have arrived as it did.
fn wrong(ends: &BTreeSet<(Uuid, i64)>, states: &BTreeMap<Uuid, Vec<State>>, events: &[Event]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut ids: BTreeMap<(Uuid, i64), &str> = BTreeMap::new();
    let mut latest: BTreeMap<Uuid, i64> = BTreeMap::new();
    for event in events {
        let Event { id, job, seq, status, accepted } = event;
        let committed = states.get(job).and_then(|states| states.iter().find(|state| state.seq == *seq));
        if !ends.contains(&(*job, *seq)) || committed.is_none_or(|state| state.status != *status) {
            violations
                .push(format!("webhook {id} reports {status} as version {seq} of job {job}, which did not end so"));
        }
        if *ids.entry((*job, *seq)).or_insert(id) != id {
            violations.push(format!("version {seq} of job {job} was reported under two ids"));
        }
        if latest.get(job).is_some_and(|latest| latest > seq) && *accepted {
            violations.push(format!("version {seq} of job {job} was reported after a later one"));
        }
        if *accepted {
            latest.insert(*job, *seq);
        }
    }
    violations
}
