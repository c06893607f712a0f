//! The cost of idle sockets: memory, and the CPU time of their heartbeats.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::arguments::Arguments;
use crate::platform::Platform;
use crate::socket::{open_all, read_frames};

/// The gateway's default limit per user.
const SOCKETS_PER_USER: usize = 8;

/// Two heartbeats.
const MEASURED_TIME: Duration = Duration::from_secs(50);

/// Runs the scenario.
pub(crate) async fn idle(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(arguments.idle.div_ceil(SOCKETS_PER_USER)).await?;
    let before = platform.gateway()?.memory()?;
    let sockets = open_all(platform.port, &users, SOCKETS_PER_USER).await?;
    let all = sockets.len();
    let mut readers = JoinSet::new();
    for (_, mut socket) in sockets {
        readers.spawn(async move { read_frames(&mut socket, |_, _| ControlFlow::<()>::Continue(())).await });
    }
    sleep(Duration::from_secs(2)).await;
    let opened = platform.gateway()?.memory()?;
    let (from, time) = (Instant::now(), platform.gateway()?.cpu_time()?);
    sleep(MEASURED_TIME).await;
    let cpu_percent = (platform.gateway()?.cpu_time()? - time).as_secs_f64() / from.elapsed().as_secs_f64() * 100.0;
    let later = platform.gateway()?.memory()?;
    anyhow::ensure!(readers.try_join_next().is_none(), "a socket was closed");
    let per_socket = |memory: u64| (memory.saturating_sub(before)) / all as u64;
    println!("idle: {all} sockets");
    println!(
        "  memory: {} bytes a socket once open, {} after {MEASURED_TIME:?}; {} MiB in all",
        per_socket(opened),
        per_socket(later),
        later >> 20
    );
    println!("  gateway: {cpu_percent:.1} % of a core");
    readers.shutdown().await;
    Ok(())
}
