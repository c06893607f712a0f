//! One planned, from the first POST to the last: submit until it is accepted, then perhaps cancel, perhaps start anew.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use super::{Phases, Reply, User};
use crate::observations::{Accepted, View};
use crate::plan::PlannedJob;

/// Follows a planned until the load_ended.
pub(super) async fn run_job(user: &User, planned: &PlannedJob, phases: &Phases) {
    let mut rng = user.rng(planned.prompt.bytes().map(u64::from).sum());
    tokio::select! {
        () = phases.load_ended.cancelled() => return,
        () = sleep_until(phases.began + planned.at) => {}
    }
    let Some(id) = submit(user, &mut rng, planned, phases).await else { return };
    if let Some(after) = planned.cancel {
        sleep(after).await;
        cancel(user, &mut rng, id, phases).await;
    }
    if planned.retry {
        retry(user, &mut rng, id, phases).await;
    }
}

/// Submits until it is accepted. A prompt whose answer was lost is not sent again: it may become a job of its own.
async fn submit(user: &User, rng: &mut StdRng, planned: &PlannedJob, phases: &Phases) -> Option<Uuid> {
    let mut prompt = planned.prompt.clone();
    let mut again = 0;
    while !phases.load_ended.is_cancelled() {
        let orientation = if rng.random_bool(0.5) { "landscape" } else { "portrait" };
        let body = json!({"prompt": prompt, "orientation": orientation});
        // Before it leaves: at the end of the run nobody may be left to note it.
        user.observations.lock().unconfirmed.insert(prompt.clone());
        let answer = user.send(rng, Method::POST, "/api/videos", Some(&body)).await;
        match answer {
            Reply::Response(StatusCode::ACCEPTED, body) => {
                let view = serde_json::from_value::<View>(body["job"].clone());
                let mut record = user.observations.lock();
                record.unconfirmed.remove(&prompt);
                match view {
                    Ok(view) => {
                        record.accepted.push(Accepted { id: view.id, prompt });
                        return Some(view.id);
                    }
                    Err(error) => record.violations.push(format!("202 without a job: {error}")),
                }
                return None;
            }
            Reply::NotSent => {
                user.observations.lock().unconfirmed.remove(&prompt);
            }
            Reply::Response(status, body) if !status.is_server_error() => {
                user.report_violation(format!("a submission was answered with {status}: {body}"));
                return None;
            }
            Reply::Unknown | Reply::Response(..) => {
                again += 1;
                prompt = format!("{} (again {again})", planned.prompt);
            }
        }
        pause(rng).await;
    }
    None
}

/// Cancels until it is answered.
async fn cancel(user: &User, rng: &mut StdRng, id: Uuid, phases: &Phases) {
    while !phases.load_ended.is_cancelled() {
        match user.send(rng, Method::POST, &format!("/api/videos/jobs/{id}/cancel"), None).await {
            Reply::Response(StatusCode::OK, _) => {
                user.observations.lock().cancelled.insert(id);
                return;
            }
            Reply::Response(status, body) if !status.is_server_error() => {
                user.report_violation(format!("job {id}: cancelling was answered with {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

/// Starts a job anew, once, when it is seen to have failed or to be cancelled.
async fn retry(user: &User, rng: &mut StdRng, id: Uuid, phases: &Phases) {
    while !phases.load_ended.is_cancelled() {
        let status = user.observations.lock().newest(id).map(|view| view.status.clone());
        match status.as_deref() {
            Some("completed") => return,
            Some("failed" | "cancelled") => break,
            _ => sleep(Duration::from_millis(100)).await,
        }
    }
    while !phases.load_ended.is_cancelled() {
        user.observations.lock().retries.entry(id).or_default().asked += 1;
        match user.send(rng, Method::POST, &format!("/api/videos/jobs/{id}/retry"), None).await {
            Reply::Response(StatusCode::ACCEPTED, _) => {
                user.observations.lock().retries.entry(id).or_default().granted += 1;
                return;
            }
            // An earlier planned was carried out, though its answer was lost.
            Reply::Response(StatusCode::CONFLICT, _) | Reply::Unknown => return,
            Reply::Response(status, body) if !status.is_server_error() => {
                user.report_violation(format!("job {id}: starting anew was answered with {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

async fn pause(rng: &mut StdRng) {
    sleep(Duration::from_millis(rng.random_range(100..500))).await;
}
