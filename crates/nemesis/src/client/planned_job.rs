//! One planned job: submits it until it is accepted, then cancels or retries it as planned.

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

/// Runs one planned job until the load ends.
pub(super) async fn run(user: &User, planned: &PlannedJob, phases: &Phases) {
    let mut rng = user.rng(planned.prompt.bytes().map(u64::from).sum());
    tokio::select! {
        () = phases.load_ended.cancelled() => return,
        () = sleep_until(phases.started + planned.at) => {}
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

/// Submits until a job is accepted. After a lost response the prompt is changed, because the first may become a job, too.
async fn submit(user: &User, rng: &mut StdRng, planned: &PlannedJob, phases: &Phases) -> Option<Uuid> {
    let mut prompt = planned.prompt.clone();
    let mut attempt = 1;
    while !phases.load_ended.is_cancelled() {
        let orientation = if rng.random_bool(0.5) { "landscape" } else { "portrait" };
        let body = json!({"prompt": prompt, "orientation": orientation, "model": planned.model});
        // Recorded before sending, because the run may end before the response.
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
                user.report_violation(format!("a submission returned {status}: {body}"));
                return None;
            }
            Reply::Unknown | Reply::Response(..) => {
                attempt += 1;
                prompt = format!("{} (attempt {attempt})", planned.prompt);
            }
        }
        pause(rng).await;
    }
    None
}

/// Cancels until a gateway answers.
async fn cancel(user: &User, rng: &mut StdRng, id: Uuid, phases: &Phases) {
    while !phases.load_ended.is_cancelled() {
        match user.send(rng, Method::POST, &format!("/api/videos/jobs/{id}/cancel"), None).await {
            Reply::Response(StatusCode::OK, _) => {
                user.observations.lock().cancelled.insert(id);
                return;
            }
            Reply::Response(status, body) if !status.is_server_error() => {
                user.report_violation(format!("job {id}: cancelling returned {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

/// Retries a job once, after it has failed or was cancelled.
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
        user.observations.lock().retries.entry(id).or_default().sent += 1;
        match user.send(rng, Method::POST, &format!("/api/videos/jobs/{id}/retry"), None).await {
            Reply::Response(StatusCode::ACCEPTED, _) => {
                user.observations.lock().retries.entry(id).or_default().accepted += 1;
                return;
            }
            // An earlier retry was carried out, though its response was lost.
            Reply::Response(StatusCode::CONFLICT, _) | Reply::Unknown => return,
            Reply::Response(status, body) if !status.is_server_error() => {
                user.report_violation(format!("job {id}: retrying returned {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

async fn pause(rng: &mut StdRng) {
    sleep(Duration::from_millis(rng.random_range(100..500))).await;
}
