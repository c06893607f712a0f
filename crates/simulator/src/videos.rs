//! `/v1/videos`: an order starts a generation, whoever knows its id can ask for it, and the result is fetched apart.
//!
//! An order counts as a submission before its answer leaves: from then on the generation goes on by itself.

mod object;
mod request;
mod state;

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Request, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};

use self::request::Form;
use self::state::{Failing, Phase, State};
use crate::clip::Orientation;
use crate::error::ApiError;
use crate::flavour::Flavour;
use crate::intake::{admit, authorise};
use crate::jobs::{Job, new_id};
use crate::media;
use crate::plan::{Ending, Plan};
use crate::router::TagNote;
use crate::server::Shared;

/// Between these lies what `openai-poll-after-ms` asks for, unless the configuration says otherwise.
const POLL_AFTER: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

type Answer = Result<Response, ApiError>;

/// `POST /v1/videos`.
pub(crate) async fn create(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Answer {
    shared.ledger.arrival();
    let flavour = shared.config.flavour;
    authorise(request.headers(), shared.config.token.as_deref()).map_err(|error| error.in_words_of(flavour))?;
    let (order, form) = request::read(request).await.map_err(|error| error.in_words_of(flavour))?;
    let (origin, plan) = admit(&shared, &order.prompt, order.image).map_err(|error| error.in_words_of(flavour))?;
    let note = Extension(TagNote(Arc::clone(&origin.tag)));
    let turned_away = |error: ApiError| error.in_words_of(plan.flavour);
    if form == Form::Json && plan.flavour == Flavour::VllmOmni {
        return Err(turned_away(ApiError::invalid(StatusCode::BAD_REQUEST, "Field required").param("prompt")));
    }
    if let Ending::Fail(failure) = plan.ending {
        return Ok((note, turned_away(failure.error())).into_response());
    }
    let id = match plan.flavour {
        Flavour::Openai => new_id("video_"),
        Flavour::VllmOmni => new_id("video_gen_"),
    };
    let clip = Orientation::of_size(&order.size).clip(origin.prompt);
    shared.ledger.order(&origin);
    let job = shared.jobs.add(Job::new(id, order, plan, clip, origin));
    let begun = State::after(&job.script, 0);
    Ok((note, poll_after(&shared, &job), object::answer(&job, begun)).into_response())
}

/// `GET /v1/videos/{id}`.
pub(crate) async fn poll(shared: Shares<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let job = find(&shared, &id, &headers);
    shared.ledger.poll(job.as_ref().ok().map(|job| &job.origin));
    let job = job?;
    job.poll();
    let state = State::after(&job.script, job.ticks());
    Ok((poll_after(&shared, &job), object::answer(&job, state)).into_response())
}

/// `GET /v1/videos/{id}/content`.
pub(crate) async fn content(shared: Shares<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let job = find(&shared, &id, &headers)?;
    let state = State::after(&job.script, job.ticks());
    if state.phase != Phase::Completed {
        return Err(not_ready(job.plan.flavour, state.phase));
    }
    shared.ledger.download(&job.origin);
    Ok(media::serve(job.clip, &headers))
}

/// `DELETE /v1/videos/{id}`.
pub(crate) async fn delete(shared: Shares<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let job = find(&shared, &id, &headers)?;
    let running = !State::after(&job.script, job.ticks()).is_over();
    match job.plan.flavour {
        Flavour::Openai if running => {
            Err(ApiError::invalid(StatusCode::CONFLICT, "Only videos that are completed or failed can be deleted.")
                .code("video_not_deletable"))
        }
        Flavour::Openai | Flavour::VllmOmni => {
            job.delete();
            if running {
                shared.ledger.cancel(&job.origin);
            }
            Ok(object::deleted(&id))
        }
    }
}

fn find(shared: &Shared, id: &str, headers: &HeaderMap) -> Result<Arc<Job>, ApiError> {
    let flavour = shared.config.flavour;
    authorise(headers, shared.config.token.as_deref()).map_err(|error| error.in_words_of(flavour))?;
    shared.jobs.find(id).ok_or_else(|| unknown(flavour))
}

fn unknown(flavour: Flavour) -> ApiError {
    ApiError::invalid(StatusCode::NOT_FOUND, "Video not found").code("not_found").in_words_of(flavour)
}

/// What the content of a generation without one is answered with.
fn not_ready(flavour: Flavour, phase: Phase) -> ApiError {
    let failed = matches!(phase, Phase::Failed(Failing::Policy));
    let (status, message) = match flavour {
        Flavour::Openai if failed => (StatusCode::BAD_REQUEST, "The video generation failed: there is no content."),
        Flavour::Openai => (StatusCode::BAD_REQUEST, "The video is not ready yet."),
        Flavour::VllmOmni if failed => (StatusCode::UNPROCESSABLE_ENTITY, "Video generation failed"),
        Flavour::VllmOmni => (StatusCode::NOT_FOUND, "Video generation is still in progress"),
    };
    ApiError::invalid(status, message).code("video_not_ready").in_words_of(flavour)
}

/// When to ask again: only OpenAI's flavour says.
fn poll_after(shared: &Shared, job: &Job) -> AppendHeaders<Option<(&'static str, String)>> {
    let Plan { pace, flavour, .. } = job.plan;
    let after = shared.config.poll_after.map_or(pace.clamp(POLL_AFTER.0, POLL_AFTER.1), Duration::from_millis);
    AppendHeaders((flavour == Flavour::Openai).then(|| ("openai-poll-after-ms", after.as_millis().to_string())))
}
