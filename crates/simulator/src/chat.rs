//! `POST /v1/chat/completions`: a submission and, when it is accepted, the stream that answers it.
//!
//! A stream plays its script one piece per write, and is torn when the simulator stops. What could fail has failed
//! before it begins.

mod context;
mod garbage;
mod python_json;
mod request;
pub(crate) mod sse;
mod status;
mod variant_a;
mod variant_b1;
mod variant_b2;

use std::future::ready;
use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use tokio::task::yield_now;
use tokio::time::sleep;

use self::context::Generation;
use self::request::Submission;
use crate::chat::sse::{Frame, Hangup};
use crate::dialect::{Flavour, Variant};
use crate::http::connection::Line;
use crate::http::error::ApiError;
use crate::plan::{Ending, Plan};
use crate::planner::{admit, authorise, base_url};
use crate::router::TagNote;
use crate::script::{Step, script};
use crate::server::Shared;
use crate::stats::counters::Origin;

/// Why a refused prompt was refused.
const REFUSAL: &str = "内容未通过审核，可能违反内容政策 (Content Policy Violation)";
/// Why a generation failed.
const FAILURE: &str = "视频生成服务异常 (internal error)";
/// Length of the longest line there is.
const HUGE: usize = 2 << 20;

/// Most pieces written at once.
const BATCH: usize = 64;

/// A connection and how it ends.
type Torn = (Line, Hangup);

/// Answers a submission.
pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    shared.ledger.arrival();
    authorise(&headers, shared.config.token.as_deref())?;
    let submission = Submission::read(&headers, &body?)?;
    let (origin, plan) = admit(&shared, &submission.prompt, submission.image)?;
    let note = Extension(TagNote(Arc::clone(&origin.tag)));
    let answer = match plan.ending.in_chat() {
        Ending::TurnAway(failure) => {
            if failure.accepted {
                shared.ledger.order(&origin);
            }
            failure.answer(Flavour::Openai, plan.retry_after)
        }
        Ending::LoseAnswer => {
            shared.ledger.order(&origin);
            line.hang_up(Hangup::Close);
            ().into_response()
        }
        Ending::Garbage(size) => event_stream(garbage(&shared, size, &origin)),
        ending => {
            let generation = Generation::new(submission, origin, &plan, base_url(&headers, &shared));
            event_stream(play(shared, line, generation, &plan, ending))
        }
    };
    Ok((note, answer).into_response())
}

fn event_stream(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let headers = [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(pieces)).into_response()
}

/// The bytes of a stream. It counts as a submission from here on, read or not: the generation would run.
fn play(
    shared: Arc<Shared>,
    line: Line,
    generation: Generation,
    plan: &Plan,
    ending: Ending,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let accepted = !matches!(ending, Ending::Busy(_));
    let streaming = accepted.then(|| shared.ledger.submission(generation.video.origin()));
    let (stopping, stopped) = (shared.stopping.clone(), shared.stopping.clone());
    let Plan { pace, variant, framing, .. } = *plan;
    let steps = stream::iter(script(plan, ending)).then(move |step| async move {
        if step.takes_time() && !pace.is_zero() {
            sleep(pace).await;
        }
        step
    });
    let pieces = steps.flat_map(move |step| {
        let _open = &streaming;
        if step == Step::Succeeded {
            shared.ledger.publish(generation.id, &generation.video);
        }
        let frames = frames(variant, step, &generation);
        let said = if frames.is_empty() && !step.takes_time() { Vec::new() } else { framing.pieces(&frames) };
        let cut = match step {
            Step::Cut(hangup) => Some((line.clone(), hangup)),
            _ => None,
        };
        stream::iter(said.into_iter().map(Ok).chain(cut.map(Err)).collect::<Vec<_>>())
    });
    // What is due at once leaves in one write, unless the borders matter.
    let batches = pieces.ready_chunks(if framing.split_utf8 { 1 } else { BATCH });
    // A pause before each piece: what was written leaves first, and reaches the client even if the next thing is a cut.
    let pieces = batches.flat_map(|batch| stream::iter(joined(batch))).then(|piece| async {
        yield_now().await;
        piece.map_err(|(line, hangup)| tear(&line, hangup))
    });
    let tail = stream::once(async move { stopped.is_cancelled().then(|| Err(torn())) });
    pieces.take_until(stopping.cancelled_owned()).chain(tail.filter_map(ready))
}

/// The pieces of a batch in one, and what comes after them: a cut is always the last thing.
fn joined(mut batch: Vec<Result<Bytes, Torn>>) -> impl Iterator<Item = Result<Bytes, Torn>> {
    let cut = batch.pop_if(|last| last.is_err());
    let said = match batch.len() {
        0 | 1 => batch.pop(),
        _ => Some(Ok(batch.into_iter().flatten().collect::<Vec<_>>().concat().into())),
    };
    said.into_iter().chain(cut)
}

fn frames(variant: Variant, step: Step, generation: &Generation) -> Vec<Frame> {
    match variant {
        Variant::A1 | Variant::A2 | Variant::A2Object => variant_a::Voice { variant, generation }.frames(step),
        Variant::B1 => variant_b1::frames(step, generation),
        Variant::B2 => variant_b2::frames(step, generation),
    }
}

/// A stream that was accepted and makes no sense.
fn garbage(shared: &Shared, size: u64, origin: &Origin) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let streaming = shared.ledger.submission(origin);
    let noise = garbage::megabytes(size, origin.prompt).map(move |piece| {
        let _open = &streaming;
        Ok(piece)
    });
    noise.take_until(shared.stopping.clone().cancelled_owned())
}

fn tear(line: &Line, hangup: Hangup) -> io::Error {
    if hangup == Hangup::Reset {
        line.hang_up(hangup);
    }
    torn()
}

/// An error in a body makes the server close the connection without the end of the response.
fn torn() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
