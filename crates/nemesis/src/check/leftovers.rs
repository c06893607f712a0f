//! Nothing is left behind: no job in Redis, none in a worker's hands, no worker that is dead.

use std::time::Duration;

use crate::fault::PROCESSORS;
use crate::history::count;
use crate::platform::{NAMESPACE, Platform};
use crate::redis::Reply;
use crate::wait::wait_for;

/// A lease, the caution of those who bury, and a sweep.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(20);

/// Waits until everything has been let go of; notes what has not.
pub(super) async fn wait_until_empty(platform: &Platform) {
    let mut left = Vec::new();
    let wait_until_empty = wait_for("everything is let go of", RELEASE_TIMEOUT, async || {
        left = remaining(platform).await.unwrap_or_else(|error| vec![format!("{error:#}")]);
        left.is_empty().then_some(())
    });
    if let Err(error) = wait_until_empty.await {
        platform.log.violation(format!("{error:#}: {}", left.join("; ")));
    }
}

async fn remaining(platform: &Platform) -> anyhow::Result<Vec<String>> {
    let keys = bus::Keys::new(NAMESPACE);
    let mut held = Vec::new();
    for (size, key) in [("XLEN", &keys.jobs), ("ZCARD", &keys.backlog), ("HLEN", &keys.places)] {
        let reply = platform.redis.command(&[size, key]).await?;
        if reply != Reply::Int(0) {
            held.push(format!("{size} {key} is {}", reply.to_text()));
        }
    }
    if platform.redis.command(&["EXISTS", &keys.limits]).await? != Reply::Int(1) {
        held.push("the limits are not in Redis".into());
    }
    let in_hand = count(&platform.db, "SELECT count(*) FROM jobs WHERE worker_id IS NOT NULL").await?;
    if in_hand != 0 {
        held.push(format!("{in_hand} jobs are in a worker's hands"));
    }
    let workers = count(&platform.db, "SELECT count(*) FROM workers").await?;
    let dead = count(&platform.db, "SELECT count(*) FROM workers WHERE lease_until < nemesis.clock()").await?;
    if usize::try_from(workers) != Ok(PROCESSORS) || dead != 0 {
        held.push(format!("{workers} workers are on record, {dead} of them dead"));
    }
    Ok(held)
}
