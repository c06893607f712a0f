//! `GET /api/ws`: opens a websocket. Origin and credentials are checked before the upgrade.
//!
//! A wrong `Origin` is refused with 403. A bad token is upgraded and then closed with 4401, because a browser cannot read
//! the answer to a failed upgrade.

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use service::server::ReadLimit;
use tracing::Span;

use crate::auth::Credentials;
use crate::error::{ApiError, ErrorCode};
use crate::http::client_address::ClientAddress;
use crate::live::client_message::MAX_COMMANDS;
use crate::live::connection::{self, Identity};
use crate::live::frame::{Close, PROTOCOL};
use crate::state::Gateway;

/// Maximum size of a client's message.
const MESSAGE_BYTES: usize = 16 * 1024;

/// Size of a frame's header.
const FRAME_OVERHEAD: usize = 14;

/// Size of a socket's read buffer. The library's default of 128 KiB would dominate the memory of an idle socket.
const READ_BUFFER: usize = 1024;

/// Amount of buffered output that is flushed to the kernel.
const WRITE_BUFFER: usize = 16 * 1024;

/// Maximum amount of output that waits for the kernel. A snapshot frame is far smaller.
const MAX_WRITE_BUFFER: usize = 1024 * 1024;

/// Open the websocket that follows jobs live
///
/// Sessions and API keys with the scope `read`. An invalid token is reported after the upgrade, with close code 4401.
#[utoipa::path(
    get, path = "/api/ws", operation_id = "follow", tag = "Live",
    responses((status = 101, description = "The websocket is open, with the subprotocol `sora.v1`.")),
    extensions(("x-errors" = json!([ErrorCode::UpgradeRequired, ErrorCode::ForbiddenOrigin]))),
)]
pub(crate) async fn upgrade(
    State(gateway): State<Gateway>,
    client: ClientAddress,
    Extension(read_limit): Extension<ReadLimit>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let credentials = Credentials::of(&gateway, &headers);
    if headers.contains_key(header::ORIGIN) || matches!(credentials, Credentials::Cookie(_)) {
        gateway.origins.require(&headers)?;
    }
    let upgrade = upgrade.map_err(|_| ApiError::UpgradeRequired)?;
    let identity = match (&credentials, credentials.reader(&gateway).await) {
        (Credentials::None, _) => Identity::Unknown,
        (_, Ok(Some(principal))) => Identity::Known(principal),
        (_, Ok(None)) => Identity::Rejected(Close::Unauthenticated),
        (_, Err(ApiError::InsufficientScope)) => Identity::Rejected(Close::Forbidden),
        (_, Err(error)) => return Err(error),
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES);
    // A message can arrive in any number of fragments, which are not counted as messages.
    let most = MAX_COMMANDS as usize * (MESSAGE_BYTES + FRAME_OVERHEAD);
    read_limit.set(most, gateway.config.sockets.timings.command_window);
    let permit = gateway.live.connections.acquire(client).map_err(Close::from);
    let (tasks, request) = (gateway.shutdown.tasks.clone(), Span::current());
    Ok(upgrade
        .on_upgrade(move |socket| tasks.track_future(connection::run(gateway, socket, permit, identity, request))))
}
