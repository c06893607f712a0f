//! The gateway is restarted under open sockets: how fast and how evenly clients reconnect.

use std::ops::ControlFlow;
use std::time::Duration;

use rand::RngExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::arguments::Arguments;
use crate::latencies::Latencies;
use crate::platform::{Platform, User};
use crate::socket::{Socket, open, open_all, read_frames};

/// The gateway's default limit per user.
const SOCKETS_PER_USER: usize = 8;
/// Maximum time until every client has reconnected.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs the scenario.
pub(crate) async fn restart(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.ensure_users(arguments.restart.div_ceil(SOCKETS_PER_USER)).await?;
    let sockets = open_all(platform.port, &users, SOCKETS_PER_USER).await?;
    let all = sockets.len();
    let mut reconnecting = JoinSet::new();
    for (number, socket) in sockets {
        reconnecting.spawn(timeout(RECONNECT_TIMEOUT, reconnect(platform.port, users[number].clone(), socket)));
    }
    let from = Instant::now();
    platform.stop_gateway().await?;
    platform.start_gateway().await?;
    let downtime = from.elapsed();
    let mut latencies = Latencies::default();
    let (mut seconds, mut failures, mut kept) = (Vec::new(), 0, Vec::with_capacity(all));
    while let Some(result) = reconnecting.join_next().await {
        let Ok(Ok(client)) = result else { continue };
        latencies.add(client.at - from);
        failures += client.failures;
        let second = usize::try_from((client.at - from).as_secs())?;
        seconds.resize(seconds.len().max(second + 1), 0);
        seconds[second] += 1;
        kept.push(client.socket);
    }
    println!("restart: {all} sockets, the gateway down for {} ms", downtime.as_millis());
    println!("  from SIGTERM to the snapshot: {}", latencies.summary());
    println!("  snapshots in each second: {seconds:?}; {failures} connection attempts failed");
    drop(kept);
    Ok(())
}

struct Reconnected {
    at: Instant,
    failures: u32,
    socket: Socket,
}

/// Reconnects as the page does: first within the window of the `bye` frame, then with growing pauses.
async fn reconnect(port: u16, user: User, mut socket: Socket) -> Reconnected {
    let bye =
        read_frames(&mut socket, |frame, _| frame.retry_ms.map_or(ControlFlow::Continue(()), ControlFlow::Break)).await;
    let mut window = bye.unwrap_or([500, 1_000]);
    drop(socket);
    let mut failures = 0;
    loop {
        let pause = rand::rng().random_range(window[0]..=window[1]);
        sleep(Duration::from_millis(pause)).await;
        if let Ok(socket) = open(port, &user, None).await {
            return Reconnected { at: Instant::now(), failures, socket };
        }
        failures += 1;
        window = [500, (500 << failures.min(6)).min(20_000)];
    }
}
