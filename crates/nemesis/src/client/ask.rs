//! One wish, from the first POST to the last: submit until it is accepted, then perhaps cancel, perhaps start anew.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use super::{Answer, Phases, User};
use crate::plan::Wish;
use crate::transcript::{Accepted, View};

/// Follows a wish until the calm.
pub(super) async fn fulfil(user: &User, wish: &Wish, phases: &Phases) {
    let mut rng = user.rng(wish.prompt.bytes().map(u64::from).sum());
    tokio::select! {
        () = phases.calm.cancelled() => return,
        () = sleep_until(phases.began + wish.at) => {}
    }
    let Some(id) = submit(user, &mut rng, wish, phases).await else { return };
    if let Some(after) = wish.cancel {
        sleep(after).await;
        cancel(user, &mut rng, id, phases).await;
    }
    if wish.retry {
        retry(user, &mut rng, id, phases).await;
    }
}

/// Submits until it is accepted. A prompt whose answer was lost is not sent again: it may become a job of its own.
async fn submit(user: &User, rng: &mut StdRng, wish: &Wish, phases: &Phases) -> Option<Uuid> {
    let mut prompt = wish.prompt.clone();
    let mut again = 0;
    while !phases.calm.is_cancelled() {
        let orientation = if rng.random_bool(0.5) { "landscape" } else { "portrait" };
        let body = json!({"prompt": prompt, "orientation": orientation});
        // Before it leaves: at the end of the run nobody may be left to note it.
        user.transcript.record().unclear.insert(prompt.clone());
        let answer = user.ask(rng, Method::POST, "/api/videos", Some(&body)).await;
        match answer {
            Answer::Said(StatusCode::ACCEPTED, body) => {
                let view = serde_json::from_value::<View>(body["job"].clone());
                let mut record = user.transcript.record();
                record.unclear.remove(&prompt);
                match view {
                    Ok(view) => {
                        record.accepted.push(Accepted { id: view.id, prompt });
                        return Some(view.id);
                    }
                    Err(error) => record.wrong.push(format!("202 without a job: {error}")),
                }
                return None;
            }
            Answer::NotSent => {
                user.transcript.record().unclear.remove(&prompt);
            }
            Answer::Said(status, body) if !status.is_server_error() => {
                user.wrong(format!("a submission was answered with {status}: {body}"));
                return None;
            }
            Answer::Unclear | Answer::Said(..) => {
                again += 1;
                prompt = format!("{} (again {again})", wish.prompt);
            }
        }
        pause(rng).await;
    }
    None
}

/// Cancels until it is answered.
async fn cancel(user: &User, rng: &mut StdRng, id: Uuid, phases: &Phases) {
    while !phases.calm.is_cancelled() {
        match user.ask(rng, Method::POST, &format!("/api/videos/jobs/{id}/cancel"), None).await {
            Answer::Said(StatusCode::OK, _) => {
                user.transcript.record().cancelled.insert(id);
                return;
            }
            Answer::Said(status, body) if !status.is_server_error() => {
                user.wrong(format!("job {id}: cancelling was answered with {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

/// Starts a job anew, once, when it is seen to have failed or to be cancelled.
async fn retry(user: &User, rng: &mut StdRng, id: Uuid, phases: &Phases) {
    while !phases.calm.is_cancelled() {
        let status = user.transcript.record().newest(id).map(|view| view.status.clone());
        match status.as_deref() {
            Some("completed") => return,
            Some("failed" | "cancelled") => break,
            _ => sleep(Duration::from_millis(100)).await,
        }
    }
    while !phases.calm.is_cancelled() {
        user.transcript.record().retries.entry(id).or_default().asked += 1;
        match user.ask(rng, Method::POST, &format!("/api/videos/jobs/{id}/retry"), None).await {
            Answer::Said(StatusCode::ACCEPTED, _) => {
                user.transcript.record().retries.entry(id).or_default().granted += 1;
                return;
            }
            // An earlier wish was carried out, though its answer was lost.
            Answer::Said(StatusCode::CONFLICT, _) | Answer::Unclear => return,
            Answer::Said(status, body) if !status.is_server_error() => {
                user.wrong(format!("job {id}: starting anew was answered with {status}: {body}"));
                return;
            }
            _ => pause(rng).await,
        }
    }
}

async fn pause(rng: &mut StdRng) {
    sleep(Duration::from_millis(rng.random_range(100..500))).await;
}
