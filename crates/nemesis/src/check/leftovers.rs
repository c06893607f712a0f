//! Nothing is left over: no job in Redis, no claimed job, no expired worker.

use std::time::Duration;

use crate::fault::PROCESSORS;
use crate::history::count;
use crate::platform::{NAMESPACE, Platform};
use crate::redis::Reply;
use crate::upstreams::POOLS;
use crate::wait::wait_for;

/// A lease, the reaper's safety margin, and a run of the reconciler.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(20);

/// Waits until nothing is left over, and reports what is.
pub(super) async fn check(platform: &Platform) {
    let mut leftovers = Vec::new();
    let released = wait_for("no leftovers", RELEASE_TIMEOUT, async || {
        leftovers = remaining(platform).await.unwrap_or_else(|error| vec![format!("{error:#}")]);
        leftovers.is_empty().then_some(())
    });
    if let Err(error) = released.await {
        platform.log.violation(format!("{error:#}: {}", leftovers.join("; ")));
    }
}

async fn remaining(platform: &Platform) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for pool in POOLS {
        let keys = bus::Keys::new(NAMESPACE).of_pool(pool);
        let hashes = [&keys.locations, &keys.places, &keys.used].map(|key| ("HLEN", key));
        for (size, key) in [("XLEN", &keys.jobs), ("ZCARD", &keys.backlog)].into_iter().chain(hashes) {
            let reply = platform.redis.command(&[size, key]).await?;
            if reply != Reply::Int(0) {
                found.push(format!("{size} {key} is {}", reply.to_text()));
            }
        }
        // All upstreams and pools are resumed by now.
        let paused = count(&platform.db, "SELECT count(*) FROM limits WHERE paused").await?;
        let mirrored = platform.redis.command(&["HGET", &keys.limits, "paused"]).await?;
        if mirrored != Reply::Text(paused.to_string()) {
            found.push(format!("paused is {paused} in the database, and in {} {}", keys.limits, mirrored.to_text()));
        }
    }
    let claimed = count(&platform.db, "SELECT count(*) FROM jobs WHERE worker_id IS NOT NULL").await?;
    if claimed != 0 {
        found.push(format!("{claimed} jobs are claimed by a worker"));
    }
    let workers = count(&platform.db, "SELECT count(*) FROM workers").await?;
    let expired = count(&platform.db, "SELECT count(*) FROM workers WHERE lease_until < nemesis.clock()").await?;
    if usize::try_from(workers) != Ok(PROCESSORS) || expired != 0 {
        found.push(format!("{workers} workers are on record, {expired} of them expired"));
    }
    Ok(found)
}
