//! `POST /api/videos`: a job is promised once its row has committed.
//!
//! The row is the outbox: putting the job in line comes afterwards, bounded in time, and a processor's sweep does it when
//! this could not. Both run in a task of their own, so that a client that hangs up in between changes nothing.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bus::{Event, Flow, Place};
use entity::UserId;
use entity::job::{self, New, Orientation, View};
use serde::Serialize;
use tokio::time::timeout;
use tracing::Instrument;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Creator;
use crate::body::{Fields, Rule};
use crate::config::Catalogue;
use crate::error::ApiError;
use crate::state::Gateway;
use crate::videos::models::ORIENTATIONS;
use crate::videos::room;

/// Most Unicode scalar values in a prompt.
const PROMPT_CHARACTERS: usize = 4_000;

/// Jobs that were accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The first of them.
    pub(crate) job: View,
    /// All of them.
    pub(crate) jobs: Vec<View>,
    /// For people.
    pub(crate) message: &'static str,
}

/// Answers 202 with the job, before anything is asked of the upstream.
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Creator,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, ApiError> {
    let new = asked(&gateway.config.catalogue, caller.user(), fields, traceparent(&headers))?;
    room::demand(&gateway, caller.user()).await?;
    let task = gateway.tasks.spawn(submit(gateway.clone(), new).in_current_span());
    let job = task.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    let location = [(header::LOCATION, format!("/api/videos/jobs/{}", job.id))];
    let body = Accepted { jobs: vec![job.clone()], job, message: "Video generation started" };
    Ok((StatusCode::ACCEPTED, location, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

async fn submit(gateway: Gateway, new: New) -> Result<View, ApiError> {
    let user = new.user_id;
    let row = job::create(&gateway.db, new).await?;
    tracing::info!(job.id = %row.id, "a job was accepted");
    let mut view = View::from(row);
    match timeout(gateway.config.timings.enqueue, announce(&gateway, user, &mut view)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(job.id = %view.id, %error, "not enqueued; the sweep will do it");
        }
        Err(_) => tracing::warn!(job.id = %view.id, "not enqueued in time; the sweep will do it"),
    }
    Ok(view)
}

async fn announce(gateway: &Gateway, user: UserId, view: &mut View) -> Result<(), bus::Error> {
    let enqueued = gateway.bus.enqueue(view.id, &Flow::new_jobs(user), Place::InTurn).await?;
    view.queue_position = enqueued.position;
    match Event::job(user, view.id, view.seq, view) {
        Ok(event) => gateway.bus.publish(&event).await,
        Err(error) => {
            tracing::error!(%error, "a job cannot be written as an event");
            Ok(())
        }
    }
}

fn asked(catalogue: &Catalogue, user_id: UserId, mut fields: Fields, traceparent: String) -> Result<New, ApiError> {
    let prompt = fields.text("prompt", prompt);
    let orientation = fields.optional_text("orientation", orientation);
    let seconds = fields.optional_number("seconds", |seconds| length(catalogue, seconds));
    let model = fields.optional_text("model", |model| known_model(catalogue, model));
    fields.finish()?;
    let (Some(prompt), Some(orientation), Some(seconds), Some(model)) = (prompt, orientation, seconds, model) else {
        return Err(ApiError::Internal("a missing field was not noted".into()));
    };
    Ok(New {
        user_id,
        prompt,
        orientation: orientation.unwrap_or(ORIENTATIONS[0]),
        seconds: seconds.unwrap_or_else(|| catalogue.default_seconds()),
        model: model.unwrap_or_else(|| catalogue.default_model()),
        traceparent: Some(traceparent),
    })
}

/// Takes the prompt exactly as it was sent, or not at all.
fn prompt(text: &str) -> Rule<String> {
    if text.contains('\0') {
        return Err(("invalid_characters", "A prompt cannot contain the character U+0000.".into()));
    }
    if text.chars().all(char::is_whitespace) {
        return Err(("blank", "Describe the video.".into()));
    }
    match text.chars().count() {
        0..=PROMPT_CHARACTERS => Ok(text.to_owned()),
        count => {
            Err(("too_long", format!("A prompt has at most {PROMPT_CHARACTERS} characters; this one has {count}.")))
        }
    }
}

fn orientation(text: &str) -> Rule<Orientation> {
    let known = ORIENTATIONS.into_iter().find(|orientation| orientation.as_str() == text);
    known.ok_or_else(|| ("unknown_value", "Must be landscape or portrait.".into()))
}

fn length(catalogue: &Catalogue, seconds: i64) -> Rule<i32> {
    let known = catalogue.seconds.iter().copied().find(|known| i64::from(*known) == seconds);
    known.ok_or_else(|| ("unknown_value", format!("Must be one of {:?}.", catalogue.seconds)))
}

fn known_model(catalogue: &Catalogue, model: &str) -> Rule<String> {
    if catalogue.models.iter().any(|known| known == model) {
        Ok(model.to_owned())
    } else {
        Err(("unknown_value", format!("Must be one of {}.", catalogue.models.join(", "))))
    }
}

/// The W3C trace context of the request, or the beginning of a new one.
fn traceparent(headers: &HeaderMap) -> String {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).filter(|value| is_traceparent(value));
    given.map_or_else(new_traceparent, ToOwned::to_owned)
}

fn new_traceparent() -> String {
    let (trace, span) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("00-{trace}-{}-01", &span[..16])
}

/// Version 00: `00-TRACE-SPAN-FLAGS`, lower-case hexadecimal, neither id all zeros.
fn is_traceparent(text: &str) -> bool {
    let hex =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = |text: &str, length| hex(text, length) && text.bytes().any(|byte| byte != b'0');
    match text.split('-').collect::<Vec<_>>()[..] {
        ["00", trace, span, flags] => id(trace, 32) && id(span, 16) && hex(flags, 2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_prompt_in_scalar_values_and_keeps_it() {
        for kept in ["a", " \n a\t", "🎬".repeat(4_000).as_str(), "\u{202e}abc", "e\u{301}"] {
            assert_eq!(prompt(kept).as_deref(), Ok(kept));
        }
        let refused = [("", "blank"), (" \n\u{3000}\u{2003}", "blank"), ("a\0", "invalid_characters")];
        for (text, code) in refused {
            assert_eq!(prompt(text).unwrap_err().0, code);
        }
        assert_eq!(prompt(&"🎬".repeat(4_001)).unwrap_err().0, "too_long");
    }

    #[test]
    fn takes_valid_trace_contexts_only() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(valid));
        assert!(is_traceparent(&new_traceparent()));
        for wrong in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            &valid.to_uppercase(),
            &valid[..54],
        ] {
            assert!(!is_traceparent(wrong), "{wrong}");
        }
    }
}
