//! What sockets cost that only live: memory, and the processor time of their heartbeats.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Arguments;
use crate::platform::Platform;
use crate::socket::{hear, open_all};

/// As many as a user may have.
const EACH: usize = 8;

/// Two heartbeats.
const LIVING: Duration = Duration::from_secs(50);

/// Measures.
pub(crate) async fn idle(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.users(arguments.idle.div_ceil(EACH)).await?;
    let before = platform.gateway()?.memory()?;
    let sockets = open_all(platform.port, &users, EACH).await?;
    let all = sockets.len();
    let mut living = JoinSet::new();
    for (_, mut socket) in sockets {
        living.spawn(async move { hear(&mut socket, |_, _| ControlFlow::<()>::Continue(())).await });
    }
    sleep(Duration::from_secs(2)).await;
    let opened = platform.gateway()?.memory()?;
    let (from, time) = (Instant::now(), platform.gateway()?.time()?);
    sleep(LIVING).await;
    let core = (platform.gateway()?.time()? - time).as_secs_f64() / from.elapsed().as_secs_f64() * 100.0;
    let later = platform.gateway()?.memory()?;
    anyhow::ensure!(living.try_join_next().is_none(), "a socket did not stay open");
    let each = |memory: u64| (memory.saturating_sub(before)) / all as u64;
    println!("idle: {all} sockets");
    println!(
        "  memory: {} bytes a socket once open, {} after {LIVING:?}; {} MiB in all",
        each(opened),
        each(later),
        later >> 20
    );
    println!("  gateway: {core:.1} % of a core");
    living.shutdown().await;
    Ok(())
}
