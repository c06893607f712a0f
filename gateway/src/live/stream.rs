//! Server-Sent Events: the frames of the websocket, for clients that only read.
//!
//! A task per stream takes frames from its outbox and passes them to the response one at a time. A client that does not read
//! holds the task up, not memory: meanwhile newer states replace older ones in the outbox, and after a time limit the stream
//! ends. `id` is the cursor from which `Last-Event-ID` resumes.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::Utf8Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use entity::JobId;
use entity::clock::system_ms;
use entity::job;
use futures::stream;
use service::time::interval_at;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::auth::{Principal, Reader, until_expired};
use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::path::Id;
use crate::live::follow::{Following, follow};
use crate::live::job_version::Stage;
use crate::live::outbox::{Next, Selection};
use crate::live::snapshot;
use crate::state::Gateway;
use crate::videos;

/// Keeps the connection open through proxies, and tells the client that it works.
const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

/// Follow all jobs as Server-Sent Events
///
/// The frames of the websocket that carry states: first `snapshot`, then `job`, `position` and `gone` as they come. After a
/// reconnect with `Last-Event-ID`, the snapshot also has the jobs that finished meanwhile, 200 at most.
#[utoipa::path(
    get, path = "/api/events", operation_id = "followJobs", tag = "Live",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was received.")),
    responses((status = 200, description = "A stream that does not end.", content_type = "text/event-stream", body = String)),
)]
pub(crate) async fn all(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (started, cursor) = (system_ms(), last_id(&headers));
    let following = follow(&gateway, client, reader.principal(), Selection::All)?;
    let frames = snapshot::resumed(&gateway, reader.user(), following.outbox(), cursor).await?;
    let first = Batch { frames, cursor: cursor.unwrap_or(started), taken: started };
    Ok(respond(gateway, reader.principal(), following, None, first))
}

/// Follow a job as Server-Sent Events
///
/// The job's state, then each new one as a `job` frame, and its queue position. The stream ends after the final state. A
/// reconnect with the `Last-Event-ID` of a final state returns 204, which tells browsers not to reconnect.
#[utoipa::path(
    get, path = "/api/videos/jobs/{job}/events", operation_id = "followJob", tag = "Live",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was received: the job's `seq`.")),
    responses(
        (status = 200, description = "A stream that ends with the job.", content_type = "text/event-stream", body = String),
        (status = 204, description = "The job has ended, and the client has its final state."),
    ),
)]
pub(crate) async fn one(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    reader: Reader,
    Id(id): Id<JobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Registered before the job is read, so that no change in between is missed.
    let following = follow(&gateway, client, reader.principal(), Selection::Jobs(vec![id]))?;
    let row = job::of_user(&gateway.db, id, reader.user()).await?.ok_or(ApiError::NotFound)?;
    let known = last_id(&headers).is_some_and(|seq| seq >= row.seq);
    if known && row.status.is_terminal() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let view = videos::views(&gateway, vec![row]).await.pop().ok_or(ApiError::NotFound)?;
    let (version, frame) = snapshot::state(reader.user(), &view);
    following.outbox().mark_sent(id, version);
    let frames = if known { Vec::new() } else { vec![frame] };
    let first = Batch { frames, cursor: 0, taken: 0 };
    Ok(respond(gateway, reader.principal(), following, Some(id), first))
}

/// The cursor from which the client resumes.
fn last_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// Frames that are sent together.
struct Batch {
    frames: Vec<Utf8Bytes>,
    /// What a client resumes from if it receives only some of them: until then (epoch ms) it has everything.
    cursor: i64,
    /// When they were taken, epoch ms.
    taken: i64,
}

fn respond(gateway: Gateway, principal: Principal, following: Following, job: Option<JobId>, first: Batch) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    let tasks = gateway.shutdown.tasks.clone();
    let stream = Stream { gateway, following, job, sender };
    tasks.spawn(async move { stream.run(principal, first).await });
    let body = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|bytes| (Ok::<Bytes, Infallible>(bytes), receiver))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Otherwise nginx would collect events before it passes them on.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// The client has gone, does not read, or has received the final state.
struct Ended;

struct Stream {
    gateway: Gateway,
    following: Following,
    /// The job that is followed; `None` for all.
    job: Option<JobId>,
    sender: mpsc::Sender<Bytes>,
}

impl Stream {
    async fn run(self, principal: Principal, first: Batch) {
        tokio::select! {
            Err(Ended) = self.write(first) => {}
            () = until_expired(principal.expires_at) => {}
            () = self.sender.closed() => {}
            () = self.gateway.shutdown.started.cancelled() => {
                // Clients get different pauses, so that they do not all return at once.
                let _ = self.send(format!("retry: {}\n\n", self.gateway.live.reconnect_pause()).into()).await;
            }
        }
    }

    /// Sends events until the client has gone or the job has ended.
    async fn write(&self, first: Batch) -> Result<Infallible, Ended> {
        let mut cursor = first.taken;
        self.send_frames(first).await?;
        let every = self.gateway.config.sockets.timings.heartbeat;
        let mut heartbeat = interval_at(self.gateway.live.next_heartbeat(every), every);
        loop {
            if self.job.is_some() && self.following.outbox().has_sent_job(|stage| stage == Stage::Finished) {
                return Err(Ended);
            }
            tokio::select! {
                next = self.following.outbox().next() => match next {
                    Next::Frames(frames) => {
                        let taken = system_ms();
                        self.send_frames(Batch { frames, cursor, taken }).await?;
                        cursor = taken;
                    }
                    Next::Close(_) => return Err(Ended),
                },
                _ = heartbeat.tick() => self.send(HEARTBEAT).await?,
            }
        }
    }

    async fn send_frames(&self, batch: Batch) -> Result<(), Ended> {
        for frame in batch.frames {
            let seq = self.job.and_then(|job| self.following.outbox().seq_sent(job));
            let id = seq.unwrap_or(batch.cursor);
            self.send(event(id, &frame)).await?;
        }
        Ok(())
    }

    async fn send(&self, bytes: Bytes) -> Result<(), Ended> {
        match timeout(self.gateway.config.sockets.timings.flush, self.sender.send(bytes)).await {
            Ok(sent) => sent.map_err(|_| Ended),
            Err(_) => {
                metrics::counter!("sora_websocket_slow_clients_total").increment(1);
                tracing::info!("ending a stream whose client reads too slowly");
                Err(Ended)
            }
        }
    }
}

fn event(id: i64, frame: &str) -> Bytes {
    format!("id: {id}\ndata: {frame}\n\n").into()
}
