//! From the upstream's chunk to the frame in the browser, through processor, database, Redis and gateway.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Arguments;
use crate::figures::Figures;
use crate::platform::Platform;
use crate::socket::{hear, open_all};
use crate::upstream::Pace;

/// Before it counts: until every generation has begun.
const WARM_UP: Duration = Duration::from_secs(10);

/// Measures.
pub(crate) async fn latency(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.users(arguments.users).await?;
    platform.upstream.set(Pace { every: Duration::from_secs(1), step: 1 });
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
    let (from, before) = (Instant::now(), platform.gateway()?.time()?);
    let until = from + Duration::from_secs(arguments.seconds);
    let mut readers = JoinSet::new();
    for (_, mut socket) in sockets {
        let upstream = platform.upstream.clone();
        readers.spawn(async move {
            let mut figures = Figures::default();
            let reading = hear(&mut socket, |frame, came| {
                let sent = frame.prompt.as_ref().zip(frame.progress).and_then(|(prompt, at)| upstream.sent(prompt, at));
                if let Some(sent) = sent.filter(|sent| *sent >= from) {
                    figures.add(came - sent);
                }
                ControlFlow::<()>::Continue(())
            });
            let _ = timeout_at(until, reading).await;
            figures
        });
    }
    let figures = readers.join_all().await.into_iter().fold(Figures::default(), |mut all, one| {
        all.extend(one);
        all
    });
    let core = (platform.gateway()?.time()? - before).as_secs_f64() / from.elapsed().as_secs_f64() * 100.0;
    let frames = figures.len() as u64 / arguments.seconds;
    println!("latency: {} jobs, {all} sockets, {frames} frames/s", users.len());
    println!("  chunk to frame: {}", figures.line());
    println!("  gateway: {core:.0} % of a core, {} MiB", platform.gateway()?.memory()? >> 20);
    platform.stop_processor().await
}
