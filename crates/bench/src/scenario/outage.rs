//! Redis is down while jobs end: when their final states arrive.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::platform::Platform;
use crate::socket::{open_all, read_frames};
use crate::upstream::Pace;

/// Number of users, each with one job.
const USERS: usize = 200;
/// Maximum wait for a final state after Redis is back.
const FINAL_STATE_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs the scenario.
pub(crate) async fn outage(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let downtime = Duration::from_secs(arguments.away);
    let users = platform.ensure_users(USERS).await?;
    // A job takes about 13 s: all are running when Redis goes down, and end before it is back.
    platform.upstream.set_pace(Pace { interval: Duration::from_secs(1), step: 8 });
    let sockets = open_all(platform.port, &users, 1).await?;
    platform.start_processor()?;
    let shared = &*platform;
    let submitting = users
        .iter()
        .enumerate()
        .map(|(number, user)| async move { shared.submit(user, &format!("outage {number}")).await });
    for submitted in stream::iter(submitting).buffer_unordered(16).collect::<Vec<_>>().await {
        submitted?;
    }
    sleep(Duration::from_secs(5)).await;
    let mut readers = JoinSet::new();
    for (number, mut socket) in sockets {
        let prompt = format!("outage {number}");
        readers.spawn(async move {
            let ended = read_frames(&mut socket, |frame, received_at| {
                let own_job = frame.prompt.as_deref() == Some(&*prompt);
                let ended_now =
                    frame.status.as_deref().is_some_and(|status| status != "pending" && status != "processing");
                if own_job && ended_now { ControlFlow::Break(received_at) } else { ControlFlow::Continue(()) }
            });
            timeout(downtime + FINAL_STATE_TIMEOUT, ended).await.ok()?.ok()
        });
    }
    platform.kill_redis().await?;
    sleep(downtime).await;
    platform.start_redis().await?;
    let back = Instant::now();
    let ended = readers.join_all().await;
    let (during, after): (Vec<Instant>, Vec<Instant>) =
        ended.iter().flatten().partition(|received_at| **received_at < back);
    let mut latencies = Latencies::default();
    after.iter().for_each(|received_at| latencies.add(*received_at - back));
    println!("outage: {USERS} jobs, Redis down for {downtime:?}");
    println!(
        "  final states: {} while it was down, {} afterwards, {} never",
        during.len(),
        after.len(),
        USERS - during.len() - after.len()
    );
    println!("  from Redis's return to the frame: {}", latencies.summary());
    platform.stop_processor().await
}
