//! Clients that do not read: what the kernel hides for them, and what they do to those who do read.

use std::ops::ControlFlow;
use std::time::Duration;

use bus::{Bus, Event};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout_at};
use uuid::Uuid;

use crate::Arguments;
use crate::figures::Figures;
use crate::platform::{Platform, User};
use crate::process::send_queues;
use crate::socket::{hear, open, open_all};

/// Stalled users and their sockets.
const STALLED: (usize, usize) = (25, 8);
/// Users who read, with a socket each.
const READING: usize = 200;
/// Less than the gateway waits before it lets a stalled client go.
const TIME: Duration = Duration::from_secs(8);
/// Of an event's prompt: the longest one in Latin letters.
const PROMPT: usize = 4_000;

/// Measures.
pub(crate) async fn stalled(platform: &mut Platform, _: &Arguments) -> anyhow::Result<()> {
    let users = platform.users(STALLED.0 + READING).await?;
    let (stalled, reading) = users.split_at(STALLED.0);
    let alone = events(platform, &[], reading).await?;
    println!("stalled: {READING} sockets that read");
    println!("  publish to frame, alone: {}", alone.1.line());
    let mut sockets = Vec::new();
    for user in stalled {
        for _ in 0..STALLED.1 {
            sockets.push(open(platform.port, user, Some(4 * 1024)).await?);
        }
    }
    let beside = events(platform, stalled, reading).await?;
    println!("  publish to frame, beside {} stalled: {}", sockets.len(), beside.1.line());
    println!("  most in kernel send queues: {} KiB, of all sockets together", beside.0 >> 10);
    println!("  gateway: {} MiB", platform.gateway()?.memory()? >> 20);
    Ok(())
}

/// Publishes a large event every 20 ms for each of `flooded`, and one a second for each of `reading`, who time them.
async fn events(platform: &Platform, flooded: &[User], reading: &[User]) -> anyhow::Result<(u64, Figures)> {
    let sockets = open_all(platform.port, reading, 1).await?;
    let until = Instant::now() + TIME;
    let began = Instant::now();
    let mut readers = JoinSet::new();
    for (_, mut socket) in sockets {
        readers.spawn(async move {
            let mut figures = Figures::default();
            let each = |frame: &crate::socket::Frame<'_>, came: Instant| {
                // The prompt says when it was published.
                let published = frame.prompt.as_ref().and_then(|prompt| prompt.parse().ok()).map(Duration::from_micros);
                published.into_iter().for_each(|published| figures.add((came - began).saturating_sub(published)));
                ControlFlow::<()>::Continue(())
            };
            let _ = timeout_at(until, hear(&mut socket, each)).await;
            figures
        });
    }
    let mut publishers = JoinSet::new();
    for (users, every, large) in [(flooded, Duration::from_millis(20), true), (reading, Duration::from_secs(1), false)]
    {
        let (users, bus) = (users.to_vec(), platform.bus.clone());
        publishers.spawn(async move { timeout_at(until, publish(bus, users, every, large, began)).await });
    }
    let mut most = 0;
    let mut look = interval(Duration::from_millis(100));
    while Instant::now() < until {
        look.tick().await;
        most = most.max(send_queues(platform.port)?);
    }
    let figures = readers.join_all().await.into_iter().fold(Figures::default(), |mut all, one| {
        all.extend(one);
        all
    });
    Ok((most, figures))
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
            let prompt = if large { "x".repeat(PROMPT) } else { began.elapsed().as_micros().to_string() };
            let view = json!({"id": job, "status": "processing", "seq": seq, "prompt": prompt});
            bus.publish(&Event::job(user.id, job, seq, &view)?).await?;
        }
    }
    Ok(())
}
