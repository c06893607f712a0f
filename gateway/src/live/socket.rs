//! The two halves of a websocket, with their limits: how long a client may take to read, and what and how much it may
//! send.

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tungstenite::error::ProtocolError;

use crate::config::SocketTimings;
use crate::live::client_message::{ClientMessage, CommandRate};
use crate::live::disconnect::Disconnect;
use crate::live::frame::Close;

/// Maximum time for sending the close frame. A slow client has been waited for before.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The sending half.
pub(crate) struct Sender {
    sink: SplitSink<WebSocket, Message>,
    send_timeout: Duration,
}

/// The receiving half.
pub(crate) struct Receiver {
    stream: SplitStream<WebSocket>,
    rate: CommandRate,
    began: Instant,
}

/// Splits a socket. A client that does not read within `timings.flush` is too slow.
pub(crate) fn split(socket: WebSocket, timings: &SocketTimings) -> (Sender, Receiver) {
    let (sink, stream) = socket.split();
    let rate = CommandRate::new(timings.command_window);
    (Sender { sink, send_timeout: timings.flush }, Receiver { stream, rate, began: Instant::now() })
}

impl Sender {
    /// Sends all of `frames`, then flushes once.
    pub(crate) async fn send(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), Disconnect> {
        for frame in frames {
            send_within(self.send_timeout, self.sink.feed(Message::Text(frame))).await?;
        }
        send_within(self.send_timeout, self.sink.flush()).await
    }

    /// Sends the close frame. Failures are ignored.
    pub(crate) async fn close(mut self, close: Close) {
        let _ = send_within(CLOSE_TIMEOUT.min(self.send_timeout), self.sink.send(Message::Close(Some(close.frame()))))
            .await;
    }
}

impl Receiver {
    /// Returns the client's next message, or why the connection ends.
    pub(crate) async fn receive(&mut self) -> Result<ClientMessage, Disconnect> {
        loop {
            let message = match self.stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(classify(&error)),
                None => return Err(Disconnect::Lost),
            };
            if !self.rate.allows(self.began.elapsed()) {
                return Err(Close::TooMany.into());
            }
            match message {
                Message::Text(text) => {
                    return serde_json::from_str(&text).map_err(|_| Close::Malformed.into());
                }
                Message::Binary(_) => return Err(Close::Malformed.into()),
                Message::Close(_) => return Err(Disconnect::Lost),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    /// Waits for the client to close, because a connection that is reset can lose the close frame.
    pub(crate) async fn drain(mut self, limit: Duration) {
        let closed = async { while let Some(Ok(_)) = self.stream.next().await {} };
        let _ = timeout(limit, closed).await;
    }
}

/// Distinguishes a client's fault (too large, not UTF-8, protocol violation) from a lost connection.
fn classify(error: &axum::Error) -> Disconnect {
    match error.source().and_then(|source| source.downcast_ref::<tungstenite::Error>()) {
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Disconnect::Lost,
        Some(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::QuotaExceeded => {
            Disconnect::Close(Close::TooMany)
        }
        Some(tungstenite::Error::Capacity(_) | tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => {
            Disconnect::Close(Close::Malformed)
        }
        _ => Disconnect::Lost,
    }
}

async fn send_within(
    limit: Duration,
    sending: impl Future<Output = Result<(), axum::Error>>,
) -> Result<(), Disconnect> {
    match timeout(limit, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Disconnect::Lost),
        Err(_) => Err(Disconnect::Close(Close::TooSlow)),
    }
}
