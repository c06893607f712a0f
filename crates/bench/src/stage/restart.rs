//! The gateway restarted under open sockets: how they come back.

use std::ops::ControlFlow;
use std::time::Duration;

use rand::RngExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::Arguments;
use crate::figures::Figures;
use crate::platform::{Platform, User};
use crate::socket::{Socket, hear, open, open_all};

/// As many as a user may have.
const EACH: usize = 8;
/// Longest wait until everybody is back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures.
pub(crate) async fn restart(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    let users = platform.users(arguments.restart.div_ceil(EACH)).await?;
    let sockets = open_all(platform.port, &users, EACH).await?;
    let all = sockets.len();
    let mut coming_back = JoinSet::new();
    for (number, socket) in sockets {
        coming_back.spawn(timeout(PATIENCE, come_back(platform.port, users[number].clone(), socket)));
    }
    let from = Instant::now();
    platform.stop_gateway().await?;
    platform.start_gateway().await?;
    let away = from.elapsed();
    let mut figures = Figures::default();
    let (mut seconds, mut failures, mut kept) = (Vec::new(), 0, Vec::with_capacity(all));
    while let Some(back) = coming_back.join_next().await {
        let Ok(Ok(back)) = back else { continue };
        figures.add(back.at - from);
        failures += back.failures;
        let second = usize::try_from((back.at - from).as_secs())?;
        seconds.resize(seconds.len().max(second + 1), 0);
        seconds[second] += 1;
        kept.push(back.socket);
    }
    println!("restart: {all} sockets, the gateway away for {} ms", away.as_millis());
    println!("  from SIGTERM to the snapshot: {}", figures.line());
    println!("  snapshots in each second: {seconds:?}; {failures} connections failed on the way");
    drop(kept);
    Ok(())
}

struct Back {
    at: Instant,
    failures: u32,
    socket: Socket,
}

/// As the page does: inside the window that the farewell gave, then with growing pauses.
async fn come_back(port: u16, user: User, mut socket: Socket) -> Back {
    let bye = hear(&mut socket, |frame, _| frame.retry_ms.map_or(ControlFlow::Continue(()), ControlFlow::Break)).await;
    let mut window = bye.unwrap_or([500, 1_000]);
    drop(socket);
    let mut failures = 0;
    loop {
        let pause = rand::rng().random_range(window[0]..=window[1]);
        sleep(Duration::from_millis(pause)).await;
        if let Ok(socket) = open(port, &user, None).await {
            return Back { at: Instant::now(), failures, socket };
        }
        failures += 1;
        window = [500, (500 << failures.min(6)).min(20_000)];
    }
}
