//! The two halves of a websocket, with what holds for each: a client that does not take what it is sent is slow, and
//! one that sends too much, or something else than JSON, is malformed.

use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};

use crate::config::SocketTimings;
use crate::live::client_message::{Meter, Said};
use crate::live::disconnect::Over;
use crate::live::frame::Close;

/// How long a goodbye may take: a client that is slow has been waited for.
const FAREWELL: Duration = Duration::from_secs(1);

/// The sending half.
pub(crate) struct Sender {
    sink: SplitSink<WebSocket, Message>,
    patience: Duration,
}

/// The receiving half.
pub(crate) struct Receiver {
    stream: SplitStream<WebSocket>,
    meter: Meter,
    began: Instant,
}

/// Takes a socket apart. What has to go out is given `flush` to be taken by the client.
pub(crate) fn halves(socket: WebSocket, timings: &SocketTimings) -> (Sender, Receiver) {
    let (sink, stream) = socket.split();
    let meter = Meter::new(timings.command_window);
    (Sender { sink, patience: timings.flush }, Receiver { stream, meter, began: Instant::now() })
}

impl Sender {
    /// Sends all of `frames`, then flushes once.
    pub(crate) async fn send(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), Over> {
        for frame in frames {
            within(self.patience, self.sink.feed(Message::Text(frame))).await?;
        }
        within(self.patience, self.sink.flush()).await
    }

    /// Says goodbye, and why. Whether the client hears it is its own affair.
    pub(crate) async fn close(mut self, close: Close) {
        let _ = within(FAREWELL.min(self.patience), self.sink.send(Message::Close(Some(close.frame())))).await;
    }
}

impl Receiver {
    /// The client's next message.
    ///
    /// # Errors
    /// The client is gone, or is to be sent away.
    pub(crate) async fn said(&mut self) -> Result<Said, Over> {
        loop {
            let message = match self.stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(judged(&error)),
                None => return Err(Over::Lost),
            };
            if !self.meter.allows(self.began.elapsed()) {
                return Err(Close::TooMany.into());
            }
            match message {
                Message::Text(text) => {
                    return serde_json::from_str(&text).map_err(|_| Close::Malformed.into());
                }
                Message::Binary(_) => return Err(Close::Malformed.into()),
                Message::Close(_) => return Err(Over::Lost),
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    /// Waits for the client's own goodbye, so that ours is not lost with a connection that is reset.
    pub(crate) async fn drained(mut self, patience: Duration) {
        let gone = async { while let Some(Ok(_)) = self.stream.next().await {} };
        let _ = timeout(patience, gone).await;
    }
}

/// A message that is too large, or not text, is the client's fault; everything else is a lost connection.
fn judged(error: &axum::Error) -> Over {
    let text = error.to_string();
    let malformed = ["too long", "too big", "UTF-8", "protocol"].iter().any(|fault| text.contains(fault));
    if malformed { Over::Close(Close::Malformed) } else { Over::Lost }
}

async fn within(patience: Duration, sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Over> {
    match timeout(patience, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Over::Lost),
        Err(_) => Err(Over::Close(Close::TooSlow)),
    }
}
