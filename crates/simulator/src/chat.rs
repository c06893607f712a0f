//! `POST /v1/chat/completions`: validates a submission and, if it is accepted, answers with a stream.

mod context;
mod garbage;
mod messages;
mod python_json;
mod request;
mod sse;
mod status;
mod stream;
mod variant_a;
mod variant_b1;
mod variant_b2;

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
            let context = StreamContext::new(request, key, &plan, app.base_url(&headers));
            event_stream(stream::play(app, connection, context, &plan, ending))
        }
    };
    Ok((label, response).into_response())
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
