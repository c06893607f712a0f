//! The gateway's relay compared with the usual Node implementations in `peers/`: events published in Redis, one socket
//! per user. Those do not authenticate, keep no state, and send no heartbeats of the application.

use std::time::Duration;

use anyhow::Context as _;
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::platform::{Platform, User};
use crate::process::Process;
use crate::socket::{Socket, open_all, open_at};

/// Number of users, each with one socket and one event per second.
const USERS: usize = 2_000;

/// How long events are published.
const MEASURED_TIME: Duration = Duration::from_secs(20);

/// Maximum number of connections being opened at once.
const MAX_OPENING: usize = 64;

/// Runs the scenario.
pub(crate) async fn relay(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(USERS).await?;
    println!("relay: {USERS} sockets, {USERS} events/s");
    let before = platform.gateway()?.memory()?;
    let sockets = open_all(platform.port, &users, 1).await?.into_iter().map(|(_, socket)| socket).collect();
    let candidate = Candidate { name: "gateway", process: platform.gateway()?, before };
    measure(platform, candidate, &users, sockets).await?;
    for name in ["ws", "socketio"] {
        let relay = platform.start_relay(&arguments.peers, name).await?;
        let before = relay.process.memory()?;
        let opening = stream::iter(users.iter().map(|user| open_relay_socket(name, relay.port, user)));
        let sockets = opening.buffer_unordered(MAX_OPENING).try_collect().await?;
        let candidate = Candidate { name, process: &relay.process, before };
        measure(platform, candidate, &users, sockets).await?;
        relay.process.kill().await?;
    }
    Ok(())
}

async fn open_relay_socket(name: &str, port: u16, user: &User) -> anyhow::Result<Socket> {
    if name == "ws" {
        return open_at(&format!("ws://localhost:{port}/?user={}", user.id), port, &[], None).await;
    }
    let url = format!("ws://localhost:{port}/socket.io/?EIO=4&transport=websocket&user={}", user.id);
    let mut socket = open_at(&url, port, &[], None).await?;
    // Engine.IO connects first; Socket.IO's connection is a second step.
    socket.next().await.context("the connection ended")??;
    socket.send(Message::text("40")).await?;
    socket.next().await.context("the connection ended")??;
    Ok(socket)
}

/// The relay being measured.
struct Candidate<'a> {
    name: &'a str,
    process: &'a Process,
    /// Its memory without sockets, in bytes.
    before: u64,
}

async fn measure(
    platform: &Platform,
    candidate: Candidate<'_>,
    users: &[User],
    sockets: Vec<Socket>,
) -> anyhow::Result<()> {
    sleep(Duration::from_secs(2)).await;
    let each = candidate.process.memory()?.saturating_sub(candidate.before) / sockets.len() as u64;
    let (began, time) = (Instant::now(), candidate.process.cpu_time()?);
    let until = began + MEASURED_TIME;
    let mut readers = JoinSet::new();
    for mut socket in sockets {
        readers.spawn(async move {
            let mut latencies = Latencies::default();
            let _ = timeout_at(until, read(&mut socket, began, &mut latencies)).await;
            latencies
        });
    }
    let _ = timeout_at(until, publish(platform, users, began)).await;
    let cpu_percent = (candidate.process.cpu_time()? - time).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;
    let latencies = readers.join_all().await.into_iter().fold(Latencies::default(), |mut all, one| {
        all.extend(one);
        all
    });
    let name = candidate.name;
    println!(
        "  {name}: {cpu_percent:.0} % of a core, {each} bytes a socket; publish to frame: {}",
        latencies.summary()
    );
    Ok(())
}

/// Measures the frames' latency (the prompt holds the time of publishing) and answers each protocol's heartbeats.
async fn read(socket: &mut Socket, began: Instant, latencies: &mut Latencies) -> anyhow::Result<()> {
    loop {
        let Message::Text(text) = socket.next().await.context("the connection ended")?? else { continue };
        let received_at = began.elapsed();
        if let Some(published) = published(&text) {
            latencies.add(received_at.saturating_sub(published));
        } else if text.contains(r#""heartbeat""#) {
            socket.send(Message::text(r#"{"type":"heartbeat"}"#)).await?;
        } else if text == "2" {
            socket.send(Message::text("3")).await?;
        }
    }
}

fn published(text: &str) -> Option<Duration> {
    let (_, prompt) = text.split_once(r#""prompt":""#)?;
    prompt.split('"').next()?.parse().ok().map(Duration::from_micros)
}

async fn publish(platform: &Platform, users: &[User], began: Instant) -> anyhow::Result<()> {
    let mut tick = interval(Duration::from_secs(1).div_f64(users.len() as f64));
    let jobs: Vec<Uuid> = users.iter().map(|_| Uuid::now_v7()).collect();
    for seq in 1.. {
        for (user, job) in users.iter().zip(&jobs) {
            tick.tick().await;
            let prompt = began.elapsed().as_micros().to_string();
            // About as long as a real job's frame.
            let frame = json!({
                "type": "job", "id": job, "status": "processing", "phase": "generating", "progress": 36, "seq": seq, "prompt": prompt,
                "model": "sora2", "orientation": "landscape", "seconds": 10, "size": "1280x720",
                "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "attempts": [],
            });
            platform.bus.publish(&super::event(user.id, *job, seq, &frame)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_time_of_publishing_in_each_protocol() {
        let frame = r#"{"type":"job","prompt":"1500","seq":1}"#;
        for text in [frame.to_owned(), format!(r#"42["job",{frame}]"#)] {
            assert_eq!(published(&text), Some(Duration::from_micros(1_500)));
        }
        assert_eq!(published(r#"{"type":"heartbeat"}"#), None);
    }
}
