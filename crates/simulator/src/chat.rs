//! `POST /v1/chat/completions`: validates a submission and, if it is accepted, answers with a stream.

mod context;
mod garbage;
mod json_answer;
mod messages;
mod part;
mod presentation;
mod python_json;
mod render;
mod request;
mod sse;
mod status;
mod stream;
mod variant_a;
mod variant_b1;
mod variant_b2;
mod verdict;

use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};

use self::context::StreamContext;
use self::request::ChatRequest;
use crate::dialect::Flavour;
use crate::http::access_log::TagLabel;
use crate::http::auth::authorise;
use crate::http::connection::{ConnectionHandle, Disconnect};
use crate::http::encoding::encode;
use crate::http::error::ApiError;
use crate::plan::ending::Ending;
use crate::planner::plan_request;
use crate::state::AppState;
use crate::stats::counters::StatsKey;

/// Answers a submission.
pub(crate) async fn submit(
    State(app): State<Arc<AppState>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    app.counters.record_arrival();
    authorise(&headers, app.config.token.as_deref())?;
    let request = ChatRequest::parse(&headers, &body?)?;
    let (key, plan) = plan_request(&app, &request.prompt, request.image)?;
    let label = Extension(TagLabel(Arc::clone(&key.tag)));
    let encoding = plan.encoding;
    let response = match plan.ending.in_chat() {
        Ending::HttpError(error) => {
            if error.accepted {
                app.counters.record_submission(&key);
            }
            error.response(Flavour::Openai, plan.retry_after)
        }
        Ending::DropResponse => {
            app.counters.record_submission(&key);
            connection.disconnect(Disconnect::Close);
            ().into_response()
        }
        Ending::Garbage(size) => event_stream(garbage(&app, size, &key)),
        ending => {
            let context = StreamContext::new(request, key, plan, app.base_url(&headers));
            answer(app, connection, context, ending)
        }
    };
    Ok(encode((label, response).into_response(), encoding))
}

/// The response to an accepted submission: a stream or, if the plan says so, a JSON object.
fn answer(app: Arc<AppState>, connection: ConnectionHandle, context: StreamContext, ending: Ending) -> Response {
    let encoding = context.plan.encoding;
    match encoding.json_answer {
        None => event_stream(stream::play(app, connection, context, ending)),
        Some(kind) => {
            let media_type = if encoding.plain_text { "text/plain; charset=utf-8" } else { "application/json" };
            let body = Body::from_stream(stream::play_as_json(app, connection, context, ending, kind));
            ([(CONTENT_TYPE, media_type)], body).into_response()
        }
    }
}

fn event_stream(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let headers = [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(pieces)).into_response()
}

/// An accepted submission that is answered with random bytes.
fn garbage(app: &AppState, size: u64, key: &StatsKey) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let open = app.counters.open_stream(key);
    let garbage = garbage::megabytes(size, key.prompt).map(move |piece| {
        let _open = &open;
        Ok(piece)
    });
    garbage.take_until(app.stopping.clone().cancelled_owned())
}
