//! Nothing is left behind: no job in Redis, none in a worker's hands, no worker that is dead.

use std::time::Duration;

use crate::fault::PROCESSORS;
use crate::history::count;
use crate::redis::Reply;
use crate::wait::until;
use crate::world::{NAMESPACE, World};

/// A lease, the caution of those who bury, and a sweep.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until everything has been let go of; notes what has not.
pub(super) async fn let_go(world: &World) {
    let mut left = Vec::new();
    let let_go = until("everything is let go of", PATIENCE, async || {
        left = held(world).await.unwrap_or_else(|error| vec![format!("{error:#}")]);
        left.is_empty().then_some(())
    });
    if let Err(error) = let_go.await {
        world.log.wrong(format!("{error:#}: {}", left.join("; ")));
    }
}

async fn held(world: &World) -> anyhow::Result<Vec<String>> {
    let keys = bus::Keys::new(NAMESPACE);
    let mut held = Vec::new();
    for (size, key) in [("XLEN", &keys.jobs), ("ZCARD", &keys.backlog), ("HLEN", &keys.places)] {
        let reply = world.redis.command(&[size, key]).await?;
        if reply != Reply::Int(0) {
            held.push(format!("{size} {key} is {}", reply.told()));
        }
    }
    if world.redis.command(&["EXISTS", &keys.limits]).await? != Reply::Int(1) {
        held.push("the limits are not in Redis".into());
    }
    let in_hand = count(&world.db, "SELECT count(*) FROM jobs WHERE worker_id IS NOT NULL").await?;
    if in_hand != 0 {
        held.push(format!("{in_hand} jobs are in a worker's hands"));
    }
    let workers = count(&world.db, "SELECT count(*) FROM workers").await?;
    let dead = count(&world.db, "SELECT count(*) FROM workers WHERE lease_until < nemesis.clock()").await?;
    if usize::try_from(workers) != Ok(PROCESSORS) || dead != 0 {
        held.push(format!("{workers} workers are on record, {dead} of them dead"));
    }
    Ok(held)
}
