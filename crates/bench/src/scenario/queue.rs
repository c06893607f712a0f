//! The queue alone, compared with BullMQ: adds jobs with as many tasks as BullMQ's program, then processes them, each by
//! acknowledging it.

use std::sync::Arc;

use anyhow::Context as _;
use bus::{DEFAULT_POOL, Flow, Limits, Position};
use entity::id::new_id;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::arguments::Arguments;
use crate::platform::Platform;

/// Jobs.
const JOBS: u32 = 20_000;

/// Tasks that add jobs or process them.
const TASKS: usize = 50;

/// Entries per read, as in a processor.
const BATCH: usize = 8;

/// What BullMQ's program prints.
#[derive(Debug, Deserialize)]
struct Rates {
    enqueued: f64,
    processed: f64,
}

/// Runs the scenario.
pub(crate) async fn queue(platform: &mut Platform, arguments: &Arguments) -> anyhow::Result<()> {
    println!("queue: {JOBS} jobs, {TASKS} tasks");
    let ours = platform_rates(platform).await?;
    println!("  platform  enqueue {:>7.0} per s  process {:>7.0} per s", ours.enqueued, ours.processed);
    let script = arguments.peers.join("bullmq.js");
    let arguments = [platform.redis_port().to_string(), JOBS.to_string()];
    let output =
        Command::new("node").arg(script).args(arguments).output().await.context("node could not be started")?;
    let peer: Rates = serde_json::from_slice(&output.stdout).with_context(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        format!("BullMQ printed no figures (install it with: npm ci --prefix crates/bench/peers): {error}")
    })?;
    println!("  BullMQ    enqueue {:>7.0} per s  process {:>7.0} per s", peer.enqueued, peer.processed);
    Ok(())
}

async fn platform_rates(platform: &Platform) -> anyhow::Result<Rates> {
    let queue = platform.bus_in("{bench-queue}:v1")?.queue(DEFAULT_POOL);
    queue.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await?;
    let users: Vec<_> = (0..10).map(|_| new_id()).collect();
    let began = Instant::now();
    let adding = (0..JOBS as usize).map(|number| {
        let (queue, user) = (queue.clone(), users[number % users.len()]);
        async move { queue.enqueue(new_id(), &Flow::new_jobs(user), Position::FairTurn).await }
    });
    stream::iter(adding).buffer_unordered(TASKS).map_ok(drop).try_collect::<()>().await?;
    let enqueued = f64::from(JOBS) / began.elapsed().as_secs_f64();

    let (began, free) = (Instant::now(), Arc::new(Semaphore::new(TASKS)));
    let (mut consumer, mut tasks, mut taken) = (queue.consumer(new_id()), JoinSet::new(), 0);
    while taken < JOBS {
        let permit = free.clone().acquire_owned().await?;
        let mut permits = vec![permit];
        permits.extend((1..BATCH).map_while(|_| free.clone().try_acquire_owned().ok()));
        for delivery in consumer.next(permits.len()).await? {
            let (queue, permit) = (queue.clone(), permits.pop());
            taken += 1;
            tasks.spawn(async move {
                let _permit = permit;
                queue.ack_and_publish(&delivery, None).await
            });
        }
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Rates { enqueued, processed: f64::from(JOBS) / began.elapsed().as_secs_f64() })
}
