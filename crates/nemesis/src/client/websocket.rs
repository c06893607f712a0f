//! The user's websocket: opened at a random gateway, closed at random, and reopened with the known states.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::{SinkExt, StreamExt};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Phases, REQUEST_TIMEOUT, User};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Watches for as long as it is polled. Once the load has ended, the open socket is kept.
pub(super) async fn watch(user: &User, phases: &Phases) {
    let mut rng = user.rng(4);
    loop {
        let reopen_at = Instant::now() + Duration::from_millis(rng.random_range(1_000..6_000));
        if let Ok(Ok(mut socket)) = timeout(REQUEST_TIMEOUT, open(user, &mut rng)).await {
            loop {
                let frame = tokio::select! {
                    message = next_frame(&mut socket) => message,
                    () = sleep_until(reopen_at), if !phases.load_ended.is_cancelled() => break,
                };
                let Ok(frame) = frame else { break };
                if let Err(error) = handle_frame(user, &mut socket, frame).await {
                    user.report_violation(format!("a websocket sent an invalid frame: {error:#}"));
                    break;
                }
            }
        }
        user.observations.lock().connected = false;
        sleep(Duration::from_millis(rng.random_range(100..600))).await;
    }
}

async fn open(user: &User, rng: &mut StdRng) -> anyhow::Result<Socket> {
    let mut request = format!("ws://{}/api/ws", user.gateway(rng)).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", user.token).parse()?);
    request.headers_mut().insert("sec-websocket-protocol", "sora.v1".parse()?);
    let (mut socket, _) = connect_async(request).await?;
    let known: Map<String, Value> =
        user.observations.lock().live.iter().map(|(id, view)| (id.to_string(), view.seq.into())).collect();
    send_message(&mut socket, &json!({"type": "hello", "known": known})).await?;
    Ok(socket)
}

/// The next text frame.
async fn next_frame(socket: &mut Socket) -> anyhow::Result<Value> {
    loop {
        match socket.next().await.context("the websocket ended")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(close) => bail!("the server closed the websocket: {close:?}"),
            _ => {}
        }
    }
}

async fn handle_frame(user: &User, socket: &mut Socket, frame: Value) -> anyhow::Result<()> {
    match frame["type"].as_str().context("a frame without a type")? {
        "snapshot" => {
            for job in frame["jobs"].as_array().context("a snapshot without jobs")? {
                user.observations.record_frame(serde_json::from_value(job.clone())?);
            }
            if frame["last"] == true {
                user.observations.lock().connected = true;
            }
        }
        "job" => user.observations.record_frame(serde_json::from_value(frame)?),
        "gone" => bail!("a frame reports a deleted job, but none was deleted: {frame}"),
        // A failed send shows up in the next read.
        "heartbeat" => send_message(socket, &json!({"type": "heartbeat"})).await.unwrap_or_default(),
        _ => {}
    }
    Ok(())
}

async fn send_message(socket: &mut Socket, message: &Value) -> anyhow::Result<()> {
    socket.send(Message::text(message.to_string())).await.context("sending a message")
}
