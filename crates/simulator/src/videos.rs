//! `/v1/videos`: creates generations, and answers polls, downloads and deletions by id.
//!
//! A create request counts as a submission before its response is sent. From then on the generation continues whatever
//! happens to the response.

mod answer;
mod envelope;
pub(crate) mod generation_state;
pub(crate) mod generations;
mod object;
mod request;
mod status_words;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use self::envelope::Answering;
use self::generation_state::{GenerationState, Phase};
use self::generations::{CreateRequest, Generation};
use crate::dialect::Flavour;
use crate::http::access_log::TagLabel;
use crate::http::auth::authorise;
use crate::http::connection::{ConnectionHandle, Disconnect};
use crate::http::encoding::encode;
use crate::http::error::ApiError;
use crate::http::injected_error::{INTERNAL, TOO_MANY};
use crate::plan::Plan;
use crate::plan::ending::Ending;
use crate::plan::videos::BodyFormat;
use crate::planner::plan_request;
use crate::state::AppState;
use crate::stats::counters::StatsKey;

/// Bounds of `openai-poll-after-ms` when it is derived from the pace.
const POLL_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

/// `POST /v1/videos`.
pub(crate) async fn create(
    State(app): State<Arc<AppState>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    request: Request,
) -> Result<Response, ApiError> {
    app.counters.record_arrival();
    let in_flavour = |error: ApiError| error.in_flavour(app.config.flavour);
    let headers = request.headers().clone();
    authorise(&headers, app.config.token.as_deref()).map_err(in_flavour)?;
    let (request, format) = request::parse(request).await.map_err(in_flavour)?;
    let (key, plan) = plan_request(&app, &request.prompt, request.image).map_err(in_flavour)?;
    let label = Extension(TagLabel(Arc::clone(&key.tag)));
    if let Some(error) = refuse_format(&plan, format) {
        return Ok((label, error.in_flavour(plan.flavour)).into_response());
    }
    let encoding = plan.encoding;
    let response = match plan.ending.in_videos() {
        Ending::Overloaded(error) => error.response(plan.flavour, plan.retry_after),
        Ending::HttpError(error) => {
            if error.accepted {
                app.counters.record_submission(&key);
            }
            error.response(plan.flavour, plan.retry_after)
        }
        Ending::Error(error, None) => {
            app.counters.record_submission(&key);
            Json(error.error().frame()).into_response()
        }
        Ending::Unreadable => {
            app.counters.record_submission(&key);
            Json(json!({"event": "accepted", "payload": {"value": 1}})).into_response()
        }
        ending => {
            let base = app.base_url(&headers);
            let generation = start(&app, request, plan, key);
            if ending == Ending::DropResponse {
                connection.disconnect(Disconnect::Close);
            }
            let state = generation.initial_state();
            let response = answer::respond(&generation, state, &base, Answering::Create);
            (poll_after(&app, &generation), response).into_response()
        }
    };
    Ok(encode((label, response).into_response(), encoding))
}

/// `GET /v1/videos/{id}`.
pub(crate) async fn poll(
    State(app): State<Arc<AppState>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let generation = find(&app, &id, &headers);
    app.counters.record_poll(generation.as_ref().ok().map(|generation| generation.video.stats_key()));
    let generation = generation?;
    let Plan { flavour, retry_after, videos, encoding, .. } = generation.plan;
    let nth = generation.record_poll();
    if nth <= videos.polls_500 {
        return Ok(INTERNAL.response(flavour, retry_after));
    }
    if nth <= videos.polls_500 + videos.polls_429 {
        return Ok(TOO_MANY.response(flavour, retry_after));
    }
    if nth <= videos.polls_500 + videos.polls_429 + videos.polls_404 {
        return Err(not_found(flavour));
    }
    if videos.replicas > 1 && !nth.is_multiple_of(videos.replicas) {
        return Err(not_found(flavour));
    }
    let state = observe(&generation, &connection)?;
    let response = match state.phase {
        Phase::Errored(error) => Json(error.error().frame()).into_response(),
        _ => answer::respond(&generation, state, &app.base_url(&headers), Answering::Poll),
    };
    Ok(encode((poll_after(&app, &generation), response).into_response(), encoding))
}

/// `GET /v1/videos/{id}/content`, and HEAD.
pub(crate) async fn content(
    State(app): State<Arc<AppState>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let generation = find(&app, &id, &headers)?;
    if generation.plan.result.no_content {
        return Err(ApiError::invalid(StatusCode::NOT_FOUND, "Invalid URL (GET /content)"));
    }
    let state = observe(&generation, &connection)?;
    if state.phase != Phase::Completed {
        return Err(no_content(generation.plan.flavour, state));
    }
    Ok(generation.video.respond(&app.counters, &app.base_url(&headers), &method, &headers))
}

/// `DELETE /v1/videos/{id}`.
pub(crate) async fn delete(
    State(app): State<Arc<AppState>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let generation = find(&app, &id, &headers)?;
    let running = !observe(&generation, &connection)?.is_final();
    if generation.plan.videos.cancel_ignored && running {
        return Ok(object::deleted(&id));
    }
    if generation.plan.flavour == Flavour::Openai && running {
        let message = "Only videos that are completed or failed can be deleted.";
        return Err(ApiError::invalid(StatusCode::CONFLICT, message).code("video_not_deletable"));
    }
    if generation.delete() && running {
        app.counters.record_cancel(generation.video.stats_key());
    }
    Ok(object::deleted(&id))
}

/// The error for a body format that the upstream does not accept.
fn refuse_format(plan: &Plan, format: BodyFormat) -> Option<ApiError> {
    if plan.videos.refused_format == Some(format) {
        let message = match format {
            BodyFormat::Multipart => "Unsupported media type: send application/json.",
            BodyFormat::Json => "Unsupported media type: send multipart/form-data.",
        };
        return Some(ApiError::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    // vLLM-Omni reads form fields only, so it finds none in a JSON body.
    let unread =
        plan.flavour == Flavour::VllmOmni && format == BodyFormat::Json && plan.videos.refused_format.is_none();
    unread.then(|| ApiError::invalid(StatusCode::BAD_REQUEST, "Field required").param("prompt"))
}

/// Starts a generation. It continues even if the response is lost.
fn start(app: &AppState, request: CreateRequest, plan: Plan, key: StatsKey) -> Arc<Generation> {
    app.counters.record_submission(&key);
    let generation = app.generations.insert(Generation::new(request, plan, key));
    app.videos.publish(&generation.video);
    generation
}

fn find(app: &AppState, id: &str, headers: &HeaderMap) -> Result<Arc<Generation>, ApiError> {
    let flavour = app.config.flavour;
    authorise(headers, app.config.token.as_deref()).map_err(|error| error.in_flavour(flavour))?;
    match app.generations.find(id) {
        Some(generation) if generation.is_deleted() => Err(not_found(generation.plan.flavour)),
        Some(generation) => Ok(generation),
        None => Err(not_found(flavour)),
    }
}

/// The generation's state as this request observes it: an error if the id is forgotten or the connection breaks.
fn observe(generation: &Generation, connection: &ConnectionHandle) -> Result<GenerationState, ApiError> {
    let state = generation.state();
    match state.phase {
        Phase::IdForgotten => Err(not_found(generation.plan.flavour)),
        Phase::Disconnected(how) => {
            connection.disconnect(how);
            // The response is never sent.
            Err(not_found(generation.plan.flavour))
        }
        _ => Ok(state),
    }
}

fn not_found(flavour: Flavour) -> ApiError {
    ApiError::invalid(StatusCode::NOT_FOUND, "Video not found").code("not_found").in_flavour(flavour)
}

/// The error for a download of a generation that has no content, or none yet.
fn no_content(flavour: Flavour, state: GenerationState) -> ApiError {
    let (status, message) = match (flavour, state.phase) {
        (Flavour::Openai, Phase::CompletedWithoutContent | Phase::Expired) => (StatusCode::NOT_FOUND, "No content."),
        (Flavour::Openai, _) if state.is_final() => (StatusCode::BAD_REQUEST, "The video generation failed."),
        (Flavour::Openai, _) => (StatusCode::BAD_REQUEST, "The video is not ready yet."),
        (Flavour::VllmOmni, Phase::Failed(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "Video generation failed"),
        (Flavour::VllmOmni, _) if state.is_final() => (StatusCode::NOT_FOUND, "Video file not found"),
        (Flavour::VllmOmni, _) => (StatusCode::NOT_FOUND, "Video generation is still in progress"),
    };
    ApiError::invalid(status, message).code("video_not_ready").in_flavour(flavour)
}

/// When the client should poll again. Only the `openai` flavour sends it.
fn poll_after(app: &AppState, generation: &Generation) -> AppendHeaders<Option<(&'static str, String)>> {
    let pace = generation.plan.pace.clamp(POLL_AFTER.0, POLL_AFTER.1);
    let after = app.config.poll_after.map_or(pace, Duration::from_millis).as_millis();
    AppendHeaders((generation.plan.flavour == Flavour::Openai).then(|| ("openai-poll-after-ms", after.to_string())))
}
