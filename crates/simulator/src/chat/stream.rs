//! Plays a script as a stream: one step after the other, at the plan's pace.
//!
//! Nothing can fail once a stream has started. When the simulator stops, open streams are cut.

use std::future::ready;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::context::StreamContext;
use super::{json_answer, render, sse};
use crate::http::connection::{ConnectionHandle, Disconnect};
use crate::plan::encoding::JsonAnswer;
use crate::plan::ending::Ending;
use crate::script::{Step, script};
use crate::state::AppState;

/// Maximum number of pieces in one write.
const MAX_BATCH: usize = 64;

/// A connection, and how it breaks.
type Break = (ConnectionHandle, Disconnect);

/// The bytes of a stream. It counts as a submission as soon as it is created, whether or not it is read: a real upstream
/// would generate the video all the same.
pub(super) fn play(
    app: Arc<AppState>,
    connection: ConnectionHandle,
    context: StreamContext,
    ending: Ending,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let accepted = !matches!(ending, Ending::Overloaded(_));
    let open = accepted.then(|| app.counters.open_stream(context.video.stats_key()));
    let (stopping, stopped) = (app.stopping.clone(), app.stopping.clone());
    let (pace, framing) = (context.plan.pace, context.plan.stream.framing);
    let steps = stream::iter(script(&context.plan, ending)).then(move |step| async move {
        if step.takes_time() && !pace.is_zero() {
            sleep(pace).await;
        }
        step
    });
    let pieces = steps.flat_map(move |step| {
        let _open = &open;
        if step == Step::Succeeded {
            app.videos.publish(&context.video);
        }
        let items = render::items(step, &context);
        let written = if items.is_empty() && !step.takes_time() { Vec::new() } else { sse::encode(framing, &items) };
        let broken = match step {
            Step::Disconnected(how) => Some((connection.clone(), how)),
            _ => None,
        };
        stream::iter(written.into_iter().map(Ok).chain(broken.map(Err)).collect::<Vec<_>>())
    });
    // Pieces that are ready together are written together, unless their boundaries matter.
    let batches = pieces.ready_chunks(if framing.split_utf8 { 1 } else { MAX_BATCH });
    // Yielding lets the server send what was written before a disconnect follows.
    let pieces = batches.flat_map(|batch| stream::iter(join(batch))).then(|piece| async {
        yield_now().await;
        piece.map_err(|(connection, how)| break_connection(&connection, how))
    });
    let tail = stream::once(async move { stopped.is_cancelled().then(|| Err(aborted())) });
    pieces.take_until(stopping.cancelled_owned()).chain(tail.filter_map(ready))
}

/// The same generation as one JSON object, sent at its end.
pub(super) fn play_as_json(
    app: Arc<AppState>,
    connection: ConnectionHandle,
    context: StreamContext,
    ending: Ending,
    kind: JsonAnswer,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let accepted = !matches!(ending, Ending::Overloaded(_));
    let open = accepted.then(|| app.counters.open_stream(context.video.stats_key()));
    let stopping = app.stopping.clone();
    let object = stream::once(async move {
        let _open = open;
        let mut items = Vec::new();
        for step in script(&context.plan, ending) {
            if step.takes_time() && !context.plan.pace.is_zero() {
                sleep(context.plan.pace).await;
            }
            match step {
                Step::Disconnected(how) => return Err(break_connection(&connection, how)),
                Step::Succeeded => app.videos.publish(&context.video),
                _ => {}
            }
            items.extend(render::items(step, &context));
        }
        let object = json_answer::object(&items, &context, kind);
        let indented = context.plan.encoding.plain_text;
        Ok(Bytes::from(if indented { format!("{object:#}") } else { object.to_string() }))
    });
    let stopped = stopping.clone();
    let tail = stream::once(async move { stopped.is_cancelled().then(|| Err(aborted())) });
    object.take_until(stopping.cancelled_owned()).chain(tail.filter_map(ready))
}

/// Joins a batch into one piece. A disconnect, always the last element, stays separate.
fn join(mut batch: Vec<Result<Bytes, Break>>) -> impl Iterator<Item = Result<Bytes, Break>> {
    let broken = batch.pop_if(|last| last.is_err());
    let joined = match batch.len() {
        0 | 1 => batch.pop(),
        _ => Some(Ok(batch.into_iter().flatten().collect::<Vec<_>>().concat().into())),
    };
    joined.into_iter().chain(broken)
}

fn break_connection(connection: &ConnectionHandle, how: Disconnect) -> io::Error {
    if how == Disconnect::Reset {
        connection.disconnect(how);
    }
    aborted()
}

/// An error in a body makes the server close the connection before the end of the response.
fn aborted() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
