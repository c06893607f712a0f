//! The response to a create request or a poll: the flavour's object, as a behaviour changes it.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::envelope::{self, Answering};
use super::generation_state::{FailureCause, GenerationState, Phase};
use super::generations::Generation;
use super::object;
use crate::plan::verdict::RefusalStyle;
use crate::plan::videos::Envelope;
use crate::result_field;
use crate::verdict_messages::MODERATION;

/// The response that reports a generation's state. `base` is the URL of this server.
pub(super) fn respond(generation: &Generation, state: GenerationState, base: &str, answering: Answering) -> Response {
    let refused = state.phase == Phase::Failed(FailureCause::Policy);
    if refused && generation.plan.verdict.refusal == RefusalStyle::PollError {
        let body = json!({"code": "imagine:content-moderated", "error": MODERATION});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let body = if is_standard(generation) {
        object::json(generation, state)
    } else {
        let object = changed_object(generation, state, base, answering);
        if generation.plan.encoding.plain_text { format!("{object:#}") } else { object.to_string() }
    };
    let plain_text = generation.plan.encoding.plain_text;
    let media_type = if plain_text { "text/plain; charset=utf-8" } else { "application/json" };
    let accepted = answering == Answering::Create && generation.plan.videos.accepted_202;
    let status = if accepted { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, [(CONTENT_TYPE, media_type)], body).into_response()
}

/// Whether the object is sent as the flavour writes it, fields in the order of the servers.
fn is_standard(generation: &Generation) -> bool {
    let (videos, plan) = (&generation.plan.videos, &generation.plan);
    videos.envelope == Envelope::Standard
        && !videos.empty_error
        && !videos.progress_text
        && plan.result.field.is_none()
        && !plan.encoding.plain_text
}

fn changed_object(generation: &Generation, state: GenerationState, base: &str, answering: Answering) -> Value {
    let videos = &generation.plan.videos;
    let mut object: Value = serde_json::from_str(&object::json(generation, state)).unwrap_or_default();
    let running = matches!(state.phase, Phase::Queued | Phase::Running);
    let announced = state.phase == Phase::Completed || running && generation.plan.result.early;
    let url = announced.then(|| generation.video.url(base));
    if videos.empty_error && object["error"].is_null() {
        object["error"] = json!({"code": "", "message": ""});
    }
    if videos.progress_text {
        object["progress"] = json!(format!("{}%", state.progress));
    }
    if let (Some(object), Some(field), Some(url)) = (object.as_object_mut(), generation.plan.result.field, &url) {
        result_field::insert(object, field, url);
    }
    envelope::wrap(object, videos.envelope, url.as_deref(), answering)
}
