//! Redis away while jobs end: when their final states arrive.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::Arguments;
use crate::figures::Figures;
use crate::platform::Platform;
use crate::socket::{hear, open_all};
use crate::upstream::Pace;

/// Users with a job each.
const USERS: usize = 200;
/// Longest wait for a final state once Redis is back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures.
pub(crate) async fn outage(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let away = Duration::from_secs(arguments.away);
    let users = platform.users(USERS).await?;
    // Some 13 s a job: all are under way when Redis goes, and end before it is back.
    platform.upstream.set(Pace { every: Duration::from_secs(1), step: 8 });
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
            let ended = hear(&mut socket, |frame, came| {
                let ours = frame.prompt.as_deref() == Some(&*prompt);
                let over = frame.status.as_deref().is_some_and(|status| status != "pending" && status != "processing");
                if ours && over { ControlFlow::Break(came) } else { ControlFlow::Continue(()) }
            });
            timeout(away + PATIENCE, ended).await.ok()?.ok()
        });
    }
    platform.kill_redis().await?;
    sleep(away).await;
    platform.start_redis().await?;
    let back = Instant::now();
    let ended = readers.join_all().await;
    let (during, after): (Vec<Instant>, Vec<Instant>) = ended.iter().flatten().partition(|came| **came < back);
    let mut figures = Figures::default();
    after.iter().for_each(|came| figures.add(*came - back));
    println!("outage: {USERS} jobs, Redis away for {away:?}");
    println!(
        "  final states: {} while it was away, {} afterwards, {} never",
        during.len(),
        after.len(),
        USERS - during.len() - after.len()
    );
    println!("  from Redis's return to the frame: {}", figures.line());
    platform.stop_processor().await
}
