//! The `video` object in either flavour. The fields are in the order of the servers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::generation_state::{FailureCause, GenerationState, Phase};
use super::generations::Generation;
use super::status_words::status_word;
use crate::dialect::Flavour;
use crate::plan::verdict::{FailureStyle, RefusalStyle, VerdictPlan};
use crate::verdict_messages::{GUARDRAILS, MODERATION, RATE_LIMITED, TIMED_OUT};

/// Time until a result expires, in seconds.
const RESULT_TTL: u64 = 3600;

#[derive(Serialize)]
struct Openai<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    completed_at: Option<u64>,
    error: Option<ErrorObject>,
    expires_at: Option<u64>,
    model: &'a str,
    progress: u16,
    prompt: &'a str,
    remixed_from_video_id: Option<&'a str>,
    seconds: &'a str,
    size: &'a str,
}

#[derive(Serialize)]
struct VllmOmni<'a> {
    model: &'a str,
    prompt: &'a str,
    id: &'a str,
    object: &'static str,
    status: &'static str,
    size: &'a str,
    progress: u16,
    seconds: &'a str,
    quality: &'static str,
    completed_at: Option<u64>,
    created_at: u64,
    remixed_from_video_id: Option<&'a str>,
    error: Option<ErrorObject>,
    media_type: &'static str,
    expires_at: Option<u64>,
    file_name: Option<String>,
    inference_time_s: Option<f64>,
    stage_durations: Map<String, Value>,
    peak_memory_mb: f64,
}

#[derive(Serialize)]
struct ErrorObject {
    code: Option<&'static str>,
    message: &'static str,
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    deleted: bool,
    object: &'static str,
}

/// The object as JSON, its fields in the order of the servers.
pub(super) fn json(generation: &Generation, state: GenerationState) -> String {
    let json = match generation.plan.flavour {
        Flavour::Openai => serde_json::to_string(&openai(generation, state)),
        Flavour::VllmOmni => serde_json::to_string(&vllm_omni(generation, state)),
    };
    // Serializing strings and numbers cannot fail.
    json.unwrap_or_default()
}

/// The response to a deletion.
pub(super) fn deleted(id: &str) -> Response {
    Json(Deleted { id, deleted: true, object: "video.deleted" }).into_response()
}

fn openai(generation: &Generation, state: GenerationState) -> Openai<'_> {
    let completed_at = completed_at(generation, state);
    Openai {
        id: &generation.id,
        object: "video",
        created_at: generation.created_at,
        status: status_word(generation, state),
        completed_at,
        error: error(generation, state.phase),
        expires_at: completed_at.map(|at| at + RESULT_TTL),
        model: &generation.request.model,
        progress: state.progress,
        prompt: &generation.request.prompt,
        remixed_from_video_id: None,
        seconds: &generation.request.seconds,
        size: &generation.request.size,
    }
}

fn vllm_omni(generation: &Generation, state: GenerationState) -> VllmOmni<'_> {
    let done = state.phase == Phase::Completed;
    VllmOmni {
        model: &generation.request.model,
        prompt: &generation.request.prompt,
        id: &generation.id,
        object: "video",
        status: status_word(generation, state),
        size: &generation.request.size,
        progress: if state.progress == 100 { 100 } else { 0 },
        seconds: &generation.request.seconds,
        quality: "default",
        completed_at: completed_at(generation, state),
        created_at: generation.created_at,
        remixed_from_video_id: None,
        error: error(generation, state.phase),
        media_type: "video/mp4",
        expires_at: None,
        file_name: done.then(|| format!("{}.mp4", generation.id)),
        inference_time_s: done.then(|| generation.plan.pace.saturating_mul(state.ticks).as_secs_f64()),
        stage_durations: Map::new(),
        peak_memory_mb: 0.0,
    }
}

fn error(generation: &Generation, phase: Phase) -> Option<ErrorObject> {
    let Phase::Failed(cause) = phase else { return None };
    let (code, message) = match (cause, generation.plan.verdict) {
        (FailureCause::Policy, VerdictPlan { refusal: RefusalStyle::Moderation, .. }) => {
            (Some("Client specified an invalid argument"), MODERATION)
        }
        (FailureCause::Policy, VerdictPlan { refusal: RefusalStyle::Guardrails, .. }) => (None, GUARDRAILS),
        (FailureCause::Internal, VerdictPlan { failure: FailureStyle::RateLimited, .. }) => (None, RATE_LIMITED),
        (FailureCause::Internal, VerdictPlan { failure: FailureStyle::TimedOut, .. }) => (None, TIMED_OUT),
        _ => standard_error(generation.plan.flavour, cause),
    };
    Some(ErrorObject { code, message })
}

fn standard_error(flavour: Flavour, cause: FailureCause) -> (Option<&'static str>, &'static str) {
    let (code, message) = match (flavour, cause) {
        (Flavour::Openai, FailureCause::Policy) => {
            ("moderation_blocked", "Your request was blocked by our moderation system.")
        }
        (Flavour::Openai, FailureCause::Internal) => {
            ("internal_error", "The server had an error while generating the video.")
        }
        (Flavour::VllmOmni, FailureCause::Policy) => {
            ("ValueError", "The prompt was rejected by the content safety checker.")
        }
        (Flavour::VllmOmni, FailureCause::Internal) => {
            ("RuntimeError", "Video generation failed: CUDA error: an illegal memory access was encountered")
        }
    };
    (Some(code), message)
}

fn completed_at(generation: &Generation, state: GenerationState) -> Option<u64> {
    let duration = generation.plan.pace.saturating_mul(state.ticks);
    matches!(state.phase, Phase::Completed | Phase::CompletedWithoutContent)
        .then(|| generation.created_at + duration.as_secs())
}
