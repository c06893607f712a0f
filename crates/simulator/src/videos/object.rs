//! The `video` object, in the words of either flavour. Field order is that of the servers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::generation_state::{Failing, Phase, Standing};
use super::status_words::status;
use crate::dialect::Flavour;
use crate::videos::generations::Job;

/// How long a result stays, in seconds.
const LIFE: u64 = 3600;

#[derive(Serialize)]
struct Openai<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    completed_at: Option<u64>,
    error: Option<Fault>,
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
    error: Option<Fault>,
    media_type: &'static str,
    expires_at: Option<u64>,
    file_name: Option<String>,
    inference_time_s: Option<f64>,
    stage_durations: Map<String, Value>,
    peak_memory_mb: f64,
}

#[derive(Serialize)]
struct Fault {
    code: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    deleted: bool,
    object: &'static str,
}

/// The answer to a poll.
pub(super) fn answer(job: &Job, standing: Standing) -> Response {
    match job.plan.flavour {
        Flavour::Openai => Json(openai(job, standing)).into_response(),
        Flavour::VllmOmni => Json(vllm_omni(job, standing)).into_response(),
    }
}

/// The answer to a deletion.
pub(super) fn deleted(id: &str) -> Response {
    Json(Deleted { id, deleted: true, object: "video.deleted" }).into_response()
}

fn openai(job: &Job, standing: Standing) -> Openai<'_> {
    let completed_at = completed_at(job, standing);
    Openai {
        id: &job.id,
        object: "video",
        created_at: job.created_at,
        status: status(job, standing),
        completed_at,
        error: fault(job, standing.phase),
        expires_at: completed_at.map(|at| at + LIFE),
        model: &job.order.model,
        progress: standing.progress,
        prompt: &job.order.prompt,
        remixed_from_video_id: None,
        seconds: &job.order.seconds,
        size: &job.order.size,
    }
}

fn vllm_omni(job: &Job, standing: Standing) -> VllmOmni<'_> {
    let done = standing.phase == Phase::Completed;
    VllmOmni {
        model: &job.order.model,
        prompt: &job.order.prompt,
        id: &job.id,
        object: "video",
        status: status(job, standing),
        size: &job.order.size,
        progress: if standing.progress == 100 { 100 } else { 0 },
        seconds: &job.order.seconds,
        quality: "default",
        completed_at: completed_at(job, standing),
        created_at: job.created_at,
        remixed_from_video_id: None,
        error: fault(job, standing.phase),
        media_type: "video/mp4",
        expires_at: None,
        file_name: done.then(|| format!("{}.mp4", job.id)),
        inference_time_s: done.then(|| job.plan.pace.saturating_mul(standing.ticks).as_secs_f64()),
        stage_durations: Map::new(),
        peak_memory_mb: 0.0,
    }
}

fn fault(job: &Job, phase: Phase) -> Option<Fault> {
    let Phase::Failed(failing) = phase else { return None };
    let (code, message) = match (job.plan.flavour, failing) {
        (Flavour::Openai, Failing::Policy) => {
            ("moderation_blocked", "Your request was blocked by our moderation system.")
        }
        (Flavour::Openai, Failing::Internal) => {
            ("internal_error", "The server had an error while generating the video.")
        }
        (Flavour::VllmOmni, Failing::Policy) => {
            ("ValueError", "The prompt was rejected by the content safety checker.")
        }
        (Flavour::VllmOmni, Failing::Internal) => {
            ("RuntimeError", "Video generation failed: CUDA error: an illegal memory access was encountered")
        }
    };
    Some(Fault { code, message })
}

fn completed_at(job: &Job, standing: Standing) -> Option<u64> {
    let took = job.plan.pace.saturating_mul(standing.ticks);
    matches!(standing.phase, Phase::Completed | Phase::CompletedWithoutContent).then(|| job.created_at + took.as_secs())
}
