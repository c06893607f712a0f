//! Time from the upstream's chunk to the client's frame, through processor, database, Redis and gateway.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::platform::Platform;
use crate::socket::{open_all, read_frames};
use crate::upstream::Pace;

/// Time before measuring, until every generation has started.
const WARM_UP: Duration = Duration::from_secs(10);

/// Runs the scenario.
pub(crate) async fn latency(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(arguments.users).await?;
    platform.upstream.set_pace(Pace { interval: Duration::from_secs(1), step: 1 });
    let sockets = open_all(platform.port, &users, arguments.sockets).await?;
    let all = sockets.len();
    platform.start_processor()?;
    let prompt = |number: usize| format!("latency {number}");
    let shared = &*platform;
    let submitting =
        users.iter().enumerate().map(|(number, user)| async move { shared.submit(user, &prompt(number)).await });
    for submitted in stream::iter(submitting).buffer_unordered(16).collect::<Vec<_>>().await {
        submitted?;
    }
    sleep(WARM_UP).await;
    let (from, before) = (Instant::now(), platform.gateway()?.cpu_time()?);
    let until = from + Duration::from_secs(arguments.seconds);
    let mut readers = JoinSet::new();
    for (_, mut socket) in sockets {
        let upstream = platform.upstream.clone();
        readers.spawn(async move {
            let mut latencies = Latencies::default();
            let reading = read_frames(&mut socket, |frame, received_at| {
                let sent =
                    frame.prompt.as_ref().zip(frame.progress).and_then(|(prompt, at)| upstream.sent_at(prompt, at));
                if let Some(sent) = sent.filter(|sent| *sent >= from) {
                    latencies.add(received_at - sent);
                }
                ControlFlow::<()>::Continue(())
            });
            let _ = timeout_at(until, reading).await;
            latencies
        });
    }
    let latencies = readers.join_all().await.into_iter().fold(Latencies::default(), |mut all, one| {
        all.extend(one);
        all
    });
    let cpu_percent = (platform.gateway()?.cpu_time()? - before).as_secs_f64() / from.elapsed().as_secs_f64() * 100.0;
    let frames = latencies.len() as u64 / arguments.seconds;
    println!("latency: {} jobs, {all} sockets, {frames} frames/s", users.len());
    println!("  chunk to frame: {}", latencies.summary());
    println!("  gateway: {cpu_percent:.0} % of a core, {} MiB", platform.gateway()?.memory()? >> 20);
    platform.stop_processor().await
}
