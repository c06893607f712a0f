//! `/v1/videos`: an order starts a generation, whoever knows its id can ask for it, and the result is fetched apart.
//!
//! An order counts as a submission before its answer leaves: from then on the generation goes on by itself.

mod generation_state;
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

use self::generation_state::{Phase, Standing};
use crate::chat::sse::Hangup;
use crate::dialect::Flavour;
use crate::http::connection::Line;
use crate::http::error::ApiError;
use crate::http::injected_error::{INTERNAL, TOO_MANY};
use crate::plan::{Ending, Form, Plan};
use crate::planner::{admit, authorise, base_url};
use crate::router::TagNote;
use crate::server::Shared;
use crate::stats::counters::Origin;
use crate::videos::generations::{Job, Order, new_id};

/// Between these lies what `openai-poll-after-ms` asks for, unless the configuration says otherwise.
const POLL_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

type Answer = Result<Response, ApiError>;

/// `POST /v1/videos`.
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Answer {
    shared.ledger.arrival();
    let ours = |error: ApiError| error.in_words_of(shared.config.flavour);
    authorise(request.headers(), shared.config.token.as_deref()).map_err(ours)?;
    let (order, form) = request::read(request).await.map_err(ours)?;
    let (origin, plan) = admit(&shared, &order.prompt, order.image).map_err(ours)?;
    let note = Extension(TagNote(Arc::clone(&origin.tag)));
    if let Some(refusal) = refusal(&plan, form) {
        return Ok((note, refusal.in_words_of(plan.flavour)).into_response());
    }
    let answer = match plan.ending.in_videos() {
        Ending::Busy(failure) => failure.answer(plan.flavour, plan.retry_after),
        Ending::TurnAway(failure) => {
            if failure.accepted {
                shared.ledger.order(&origin);
            }
            failure.answer(plan.flavour, plan.retry_after)
        }
        Ending::Error(failure, None) => {
            shared.ledger.order(&origin);
            Json(failure.error().frame()).into_response()
        }
        ending => {
            let job = begin(&shared, order, plan, origin);
            if ending == Ending::LoseAnswer {
                line.hang_up(Hangup::Close);
            }
            (poll_after(&shared, &job), object::answer(&job, Standing::after(&job.script(), 0))).into_response()
        }
    };
    Ok((note, answer).into_response())
}

/// `GET /v1/videos/{id}`.
pub(crate) async fn poll(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let job = find(&shared, &id, &headers);
    shared.ledger.poll(job.as_ref().ok().map(|job| job.video.origin()));
    let job = job?;
    let Plan { flavour, retry_after, jobs, .. } = job.plan;
    let nth = job.poll();
    if nth <= jobs.errors {
        return Ok(INTERNAL.answer(flavour, retry_after));
    }
    if nth <= jobs.errors + jobs.limits {
        return Ok(TOO_MANY.answer(flavour, retry_after));
    }
    if nth <= jobs.errors + jobs.limits + jobs.unknowns {
        return Err(unknown(flavour));
    }
    let standing = present(&job, &line)?;
    let answer = match standing.phase {
        Phase::Errored(failure) => Json(failure.error().frame()).into_response(),
        _ => object::answer(&job, standing),
    };
    Ok((poll_after(&shared, &job), answer).into_response())
}

/// `GET /v1/videos/{id}/content`, and HEAD.
pub(crate) async fn content(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Answer {
    let job = find(&shared, &id, &headers)?;
    let standing = present(&job, &line)?;
    if standing.phase != Phase::Completed {
        return Err(no_content(job.plan.flavour, standing));
    }
    Ok(job.video.answer(&shared, &base_url(&headers, &shared), &method, &headers))
}

/// `DELETE /v1/videos/{id}`.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let job = find(&shared, &id, &headers)?;
    let running = !present(&job, &line)?.is_over();
    if job.plan.jobs.cancel_ignored && running {
        return Ok(object::deleted(&id));
    }
    if job.plan.flavour == Flavour::Openai && running {
        let message = "Only videos that are completed or failed can be deleted.";
        return Err(ApiError::invalid(StatusCode::CONFLICT, message).code("video_not_deletable"));
    }
    if job.delete() && running {
        shared.ledger.cancel(job.video.origin());
    }
    Ok(object::deleted(&id))
}

/// Why an order in this form is refused, if it is.
fn refusal(plan: &Plan, form: Form) -> Option<ApiError> {
    if plan.jobs.refused == Some(form) {
        let message = match form {
            Form::Multipart => "Unsupported media type: send application/json.",
            Form::Json => "Unsupported media type: send multipart/form-data.",
        };
        return Some(ApiError::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    // A form is all that vLLM-Omni reads: of a JSON body it sees no field.
    let unread = plan.flavour == Flavour::VllmOmni && form == Form::Json && plan.jobs.refused.is_none();
    unread.then(|| ApiError::invalid(StatusCode::BAD_REQUEST, "Field required").param("prompt"))
}

/// The generation begins, whatever becomes of the answer.
fn begin(shared: &Shared, order: Order, plan: Plan, origin: Origin) -> Arc<Job> {
    shared.ledger.order(&origin);
    let id = new_id(plan.flavour, plan.jobs.odd_id);
    let job = shared.jobs.add(Job::new(id, order, plan, origin));
    shared.ledger.publish(job.video.id(), &job.video);
    job
}

fn find(shared: &Shared, id: &str, headers: &HeaderMap) -> Result<Arc<Job>, ApiError> {
    let flavour = shared.config.flavour;
    authorise(headers, shared.config.token.as_deref()).map_err(|error| error.in_words_of(flavour))?;
    match shared.jobs.find(id) {
        Some(job) if job.is_deleted() => Err(unknown(job.plan.flavour)),
        Some(job) => Ok(job),
        None => Err(unknown(flavour)),
    }
}

/// Where a generation stands; one that is lost is unknown, and where answers are torn the line is hung up.
fn present(job: &Job, line: &Line) -> Result<Standing, ApiError> {
    let standing = Standing::after(&job.script(), job.ticks());
    match standing.phase {
        Phase::Lost => Err(unknown(job.plan.flavour)),
        Phase::Torn(hangup) => {
            line.hang_up(hangup);
            // Nobody will read it.
            Err(unknown(job.plan.flavour))
        }
        _ => Ok(standing),
    }
}

fn unknown(flavour: Flavour) -> ApiError {
    ApiError::invalid(StatusCode::NOT_FOUND, "Video not found").code("not_found").in_words_of(flavour)
}

/// What the content of a generation without one is answered with.
fn no_content(flavour: Flavour, standing: Standing) -> ApiError {
    let (status, message) = match (flavour, standing.phase) {
        (Flavour::Openai, Phase::CompletedWithoutContent | Phase::Expired) => (StatusCode::NOT_FOUND, "No content."),
        (Flavour::Openai, _) if standing.is_over() => (StatusCode::BAD_REQUEST, "The video generation failed."),
        (Flavour::Openai, _) => (StatusCode::BAD_REQUEST, "The video is not ready yet."),
        (Flavour::VllmOmni, Phase::Failed(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "Video generation failed"),
        (Flavour::VllmOmni, _) if standing.is_over() => (StatusCode::NOT_FOUND, "Video file not found"),
        (Flavour::VllmOmni, _) => (StatusCode::NOT_FOUND, "Video generation is still in progress"),
    };
    ApiError::invalid(status, message).code("video_not_ready").in_words_of(flavour)
}

/// When to ask again: only OpenAI's flavour says.
fn poll_after(shared: &Shared, job: &Job) -> AppendHeaders<Option<(&'static str, String)>> {
    let pace = job.plan.pace.clamp(POLL_AFTER.0, POLL_AFTER.1);
    let after = shared.config.poll_after.map_or(pace, Duration::from_millis).as_millis();
    AppendHeaders((job.plan.flavour == Flavour::Openai).then(|| ("openai-poll-after-ms", after.to_string())))
}
