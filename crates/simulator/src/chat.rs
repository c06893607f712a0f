//! `POST /v1/chat/completions`: a submission and, when it is accepted, the stream that answers it.
//!
//! A stream plays its script one piece per write, and is torn when the simulator stops. Every answer of a stream is a
//! submission: what could fail has failed before.

mod b1;
mod request;

use std::future::ready;
use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use tokio::task::yield_now;
use tokio::time::sleep;
use uuid::Uuid;

use self::request::Submission;
use crate::clip::Orientation;
use crate::error::ApiError;
use crate::intake::{admit, authorise, base_url};
use crate::ledger::Origin;
use crate::plan::{Ending, Plan};
use crate::router::TagNote;
use crate::script::{Step, script};
use crate::server::Shared;

/// A generation under way: all that a variant needs to render a step.
#[derive(Debug)]
pub(crate) struct Generation {
    id: Uuid,
    prompt: String,
    orientation: Orientation,
    /// Where its video will be.
    url: String,
    origin: Origin,
}

/// Answers a submission.
pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    shared.ledger.arrival();
    authorise(&headers, shared.config.token.as_deref())?;
    let body = body.map_err(|rejection| ApiError::invalid(rejection.status(), rejection.body_text()))?;
    let Submission { model, prompt, image } = Submission::read(&headers, &body)?;
    let (origin, plan) = admit(&shared, &prompt, image)?;
    let note = Extension(TagNote(Arc::clone(&origin.tag)));
    if let Ending::Fail(failure) = plan.ending {
        return Ok((note, failure.error()).into_response());
    }
    let id = Uuid::new_v4();
    let url = format!("{}/media/{id}.mp4", base_url(&headers, &shared));
    let generation = Generation { id, prompt, orientation: Orientation::of_model(&model), url, origin };
    let headers = [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    Ok((note, headers, Body::from_stream(play(shared, generation, plan))).into_response())
}

/// The bytes of a stream. It counts as a submission from here on, read or not: the generation would run.
fn play(shared: Arc<Shared>, generation: Generation, plan: Plan) -> impl Stream<Item = io::Result<Bytes>> {
    let streaming = shared.ledger.submission(&generation.origin);
    let (stopping, stopped) = (shared.stopping.clone(), shared.stopping.clone());
    let steps = stream::iter(script(&plan)).then(move |step| async move {
        if step.takes_time() && !plan.pace.is_zero() {
            sleep(plan.pace).await;
        }
        step
    });
    let pieces = steps.flat_map(move |step| {
        let _open = &streaming;
        if step == Step::Succeeded {
            let clip = generation.orientation.clip(generation.origin.prompt);
            shared.ledger.publish(generation.id, clip, &generation.origin);
        }
        let pieces = plan.framing.pieces(&b1::payloads(step, &generation)).into_iter().map(Ok);
        stream::iter(pieces.chain((step == Step::Cut).then(|| Err(torn()))).collect::<Vec<_>>())
    });
    // A pause before each piece: what was written leaves first, and reaches the client even if the next thing is a cut.
    let pieces = pieces.then(|piece| async {
        yield_now().await;
        piece
    });
    let tail = stream::once(async move { stopped.is_cancelled().then(|| Err(torn())) });
    pieces.take_until(stopping.cancelled_owned()).chain(tail.filter_map(ready))
}

/// An error in a body makes the server close the connection without the end of the response.
fn torn() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
