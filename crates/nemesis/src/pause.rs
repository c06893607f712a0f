//! An administrator who pauses the queue while other changes of it are under way.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::sleep;

use crate::platform::{NAMESPACE, Platform};
use crate::redis::Reply;
use crate::upstreams::POOLS;
use crate::wait::wait_for;

/// Maximum time until a change is accepted, and until Redis has it. Longer than any fault.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Pauses the queue for at least `lasts`. Redis, which decides what starts, must take over each change.
pub(crate) async fn pause(platform: &Platform, lasts: Duration) -> anyhow::Result<()> {
    let change = async |number: usize| {
        let gateway = &platform.addresses[number % platform.addresses.len()];
        platform.administrator.pause_queue(gateway, number.is_multiple_of(2)).await
    };
    // Which of these is the last is undecided; the platform must agree with itself.
    join_all((0..4).map(change)).await;
    set(platform, true).await?;
    sleep(lasts).await;
    set(platform, false).await
}

/// Pauses the upstream or pool at this path of the administration, and resumes it after `lasts`.
pub(crate) async fn pause_one(platform: &Platform, path: &str, lasts: Duration) -> anyhow::Result<()> {
    for paused in [true, false] {
        let mut gateway = 0;
        wait_for("a gateway changes an upstream or a pool", CHANGE_TIMEOUT, async || {
            gateway = (gateway + 1) % platform.addresses.len();
            platform.administrator.pause(&platform.addresses[gateway], path, paused).await.ok()
        })
        .await?;
        if paused {
            sleep(lasts).await;
        }
    }
    Ok(())
}

/// Pauses or resumes the queue, and waits until Redis knows.
async fn set(platform: &Platform, paused: bool) -> anyhow::Result<()> {
    let mut gateway = 0;
    wait_for("a gateway changes the queue", CHANGE_TIMEOUT, async || {
        gateway = (gateway + 1) % platform.addresses.len();
        platform.administrator.pause_queue(&platform.addresses[gateway], paused).await.ok()
    })
    .await?;
    let wanted = Reply::Text(u8::from(paused).to_string());
    let mirrored = wait_for("Redis has the change", CHANGE_TIMEOUT, async || {
        for pool in POOLS {
            let key = bus::Keys::new(NAMESPACE).of_pool(pool).limits;
            let held = platform.primary().command(&["HGET", &key, "paused"]).await.ok()?;
            (held == wanted).then_some(())?;
        }
        Some(())
    });
    if mirrored.await.is_err() {
        platform.log.violation(format!(
            "the queue is {} on the page, but not in Redis",
            if paused { "paused" } else { "running" }
        ));
    }
    Ok(())
}
