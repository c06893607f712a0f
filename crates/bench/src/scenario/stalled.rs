//! Clients that do not read: how much the kernel buffers for them, and how they affect the others.

use std::ops::ControlFlow;
use std::time::Duration;

use bus::Bus;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout_at};
use uuid::Uuid;

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::platform::{Platform, User};
use crate::process::send_queues;
use crate::socket::{open, open_all, read_frames};

/// Number of stalled users, and sockets of each.
const STALLED: (usize, usize) = (25, 8);
/// Number of reading users, each with one socket.
const READING: usize = 200;
/// Shorter than the gateway's timeout for a stalled client.
const MEASURED_TIME: Duration = Duration::from_secs(8);
/// Length of a large event's prompt, the maximum the API accepts.
const PROMPT_LENGTH: usize = 4_000;

/// Runs the scenario.
pub(crate) async fn stalled(platform: &mut Platform, _: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(STALLED.0 + READING).await?;
    let (stalled, reading) = users.split_at(STALLED.0);
    let alone = events(platform, &[], reading).await?;
    println!("stalled: {READING} reading sockets");
    println!("  publish to frame, alone: {}", alone.1.summary());
    let mut sockets = Vec::new();
    for user in stalled {
        for _ in 0..STALLED.1 {
            sockets.push(open(platform.port, user, Some(4 * 1024)).await?);
        }
    }
    let beside = events(platform, stalled, reading).await?;
    println!("  publish to frame, beside {} stalled: {}", sockets.len(), beside.1.summary());
    println!("  peak of all kernel send queues: {} KiB", beside.0 >> 10);
    println!("  gateway: {} MiB", platform.gateway()?.memory()? >> 20);
    Ok(())
}

/// Publishes a large event every 20 ms to each of `stalled`, and one per second to each of `reading`, whose latency is measured.
async fn events(platform: &Platform, stalled: &[User], reading: &[User]) -> anyhow::Result<(u64, Latencies)> {
    let sockets = open_all(platform.port, reading, 1).await?;
    let until = Instant::now() + MEASURED_TIME;
    let began = Instant::now();
    let mut readers = JoinSet::new();
    for (_, mut socket) in sockets {
        readers.spawn(async move {
            let mut latencies = Latencies::default();
            let each = |frame: &crate::socket::Frame<'_>, received_at: Instant| {
                // The prompt holds the time of publishing.
                let published = frame.prompt.as_ref().and_then(|prompt| prompt.parse().ok()).map(Duration::from_micros);
                published
                    .into_iter()
                    .for_each(|published| latencies.add((received_at - began).saturating_sub(published)));
                ControlFlow::<()>::Continue(())
            };
            let _ = timeout_at(until, read_frames(&mut socket, each)).await;
            latencies
        });
    }
    let mut publishers = JoinSet::new();
    for (users, every, large) in [(stalled, Duration::from_millis(20), true), (reading, Duration::from_secs(1), false)]
    {
        let (users, bus) = (users.to_vec(), platform.bus.clone());
        publishers.spawn(async move { timeout_at(until, publish(bus, users, every, large, began)).await });
    }
    let mut peak = 0;
    let mut look = interval(Duration::from_millis(100));
    while Instant::now() < until {
        look.tick().await;
        peak = peak.max(send_queues(platform.port)?);
    }
    let latencies = readers.join_all().await.into_iter().fold(Latencies::default(), |mut all, one| {
        all.extend(one);
        all
    });
    Ok((peak, latencies))
}

async fn publish(bus: Bus, users: Vec<User>, every: Duration, large: bool, began: Instant) -> anyhow::Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let mut tick = interval(every.div_f64(users.len() as f64));
    let jobs: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
    for seq in 1.. {
        for user in &users {
            tick.tick().await;
            let job = jobs[usize::try_from(seq)? % jobs.len()];
            let prompt = if large { "x".repeat(PROMPT_LENGTH) } else { began.elapsed().as_micros().to_string() };
            let frame = json!({"type": "job", "id": job, "status": "processing", "seq": seq, "prompt": prompt});
            bus.publish(&super::event(user.id, job, seq, &frame)).await?;
        }
    }
    Ok(())
}
