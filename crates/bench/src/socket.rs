//! A lightweight websocket client that follows the page's protocol.

use std::borrow::Cow;
use std::ops::ControlFlow;

use anyhow::{Context as _, bail};
use futures::{SinkExt, StreamExt, stream};
use serde::Deserialize;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::platform::User;

/// Maximum number of connections being opened at once.
const MAX_OPENING: usize = 64;

/// An open websocket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// The fields of a frame that the scenarios use.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frame<'a> {
    /// The frame's type.
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    /// The job's prompt.
    #[serde(borrow)]
    pub(crate) prompt: Option<Cow<'a, str>>,
    /// The job's progress.
    pub(crate) progress: Option<i32>,
    /// The job's status.
    #[serde(borrow)]
    pub(crate) status: Option<Cow<'a, str>>,
    /// The reconnect window of a `bye` frame, in milliseconds.
    pub(crate) retry_ms: Option<[u64; 2]>,
    /// Whether this is the last part of a snapshot.
    #[serde(default)]
    pub(crate) last: bool,
}

/// Opens `each` sockets per user and reads their snapshots.
pub(crate) async fn open_all(port: u16, users: &[User], each: usize) -> anyhow::Result<Vec<(usize, Socket)>> {
    let all = users.iter().enumerate().flat_map(|(number, user)| std::iter::repeat_n((number, user), each));
    let opened =
        stream::iter(all.map(|(number, user)| async move { anyhow::Ok((number, open(port, user, None).await?)) }));
    let opened: Vec<_> = opened.buffer_unordered(MAX_OPENING).collect().await;
    opened.into_iter().collect()
}

/// Opens a socket and reads its snapshot. `receive` limits the kernel's receive buffer, in bytes.
pub(crate) async fn open(port: u16, user: &User, receive: Option<u32>) -> anyhow::Result<Socket> {
    let (url, bearer) = (format!("ws://localhost:{port}/api/ws"), format!("Bearer {}", user.token));
    let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", "sora.v1")];
    let mut socket = open_at(&url, port, &headers, receive).await?;
    socket.send(Message::text(r#"{"type":"hello"}"#)).await?;
    let snapshot =
        read_frames(
            &mut socket,
            |frame, _| if frame.last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
        );
    snapshot.await?;
    Ok(socket)
}

/// Opens a websocket. `receive` limits the kernel's receive buffer, in bytes.
pub(crate) async fn open_at(
    url: &str,
    port: u16,
    headers: &[(&'static str, &str)],
    receive: Option<u32>,
) -> anyhow::Result<Socket> {
    let tcp = TcpSocket::new_v4()?;
    if let Some(bytes) = receive {
        tcp.set_recv_buffer_size(bytes)?;
    }
    let stream = tcp.connect(([127, 0, 0, 1], port).into()).await?;
    stream.set_nodelay(true)?;
    let mut request = url.into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse()?);
    }
    let small = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    Ok(client_async_with_config(request, stream, Some(small)).await?.0)
}

/// Answers heartbeats and passes every other frame, with its arrival time, to `each` until that breaks.
pub(crate) async fn read_frames<T>(
    socket: &mut Socket,
    mut each: impl FnMut(&Frame<'_>, Instant) -> ControlFlow<T>,
) -> anyhow::Result<T> {
    loop {
        match socket.next().await.context("the connection ended")?? {
            Message::Text(text) => {
                let now = Instant::now();
                let frame: Frame<'_> = serde_json::from_str(&text)?;
                if frame.kind == "heartbeat" {
                    socket.send(Message::text(r#"{"type":"heartbeat"}"#)).await?;
                } else if let ControlFlow::Break(value) = each(&frame, now) {
                    return Ok(value);
                }
            }
            Message::Close(close) => bail!("the server closed the websocket: {close:?}"),
            _ => {}
        }
    }
}
