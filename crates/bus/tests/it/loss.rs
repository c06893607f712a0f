//! Redis losing its scripts, its consumer group, its stream, or all data.

use bus::{Bus, Flow, Limits, Position};
use entity::id::new_id;
use redis::AsyncCommands;

use crate::{enqueue, enqueue_many, next};

async fn raw_connection() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Deletes every key of the namespace, as FLUSHALL would.
async fn flush(bus: &Bus) {
    let keys = bus.keys();
    let all = [&keys.jobs, &keys.backlog, &keys.tags, &keys.clock, &keys.locations, &keys.limits];
    let _: () = raw_connection().await.del(&all[..]).await.unwrap();
}

#[tokio::test]
async fn a_flushed_redis_admits_nothing_until_limits_are_mirrored() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 3).await;
    flush(&bus).await;
    assert_eq!(bus.limits().await.unwrap(), None);
    let job = new_id();
    enqueue(&bus, job, new_id()).await;
    assert_eq!(bus.positions(&[job]).await.unwrap(), [Some(1)], "admitted without limits");
    bus.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await.unwrap();
    assert_eq!(next(&mut bus.consumer(new_id())).await.job, job);
}

#[tokio::test]
async fn a_consumer_survives_the_loss_of_stream_and_group() {
    let bus = testkit::bus().await;
    let mut consumer = bus.consumer(new_id());
    enqueue_many(&bus, new_id(), 1).await;
    let held = next(&mut consumer).await;
    flush(&bus).await;
    bus.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await.unwrap();
    assert!(!bus.ack_and_publish(&held, None).await.unwrap());
    let again = bus.enqueue(held.job, &held.flow, Position::FairTurn).await.unwrap();
    assert!(again.added, "a lost job can be enqueued again");
    let mut read = Vec::new();
    while read.is_empty() {
        read = consumer.next(1).await.unwrap();
    }
    assert_eq!(read[0].job, held.job);
}

#[tokio::test]
async fn a_recreated_group_starts_with_the_oldest_entry() {
    let bus = testkit::bus().await;
    let job = enqueue_many(&bus, new_id(), 1).await[0];
    let _: () = redis::cmd("XGROUP")
        .arg("DESTROY")
        .arg(&bus.keys().jobs)
        .arg("processors")
        .query_async(&mut raw_connection().await)
        .await
        .unwrap();
    bus.admit().await.unwrap();
    assert_eq!(next(&mut bus.consumer(new_id())).await.job, job);
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let bus = testkit::bus().await;
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut raw_connection().await).await.unwrap();
    enqueue(&bus, new_id(), new_id()).await;
}

#[tokio::test]
async fn fails_quickly_if_redis_is_down() {
    let bus = Bus::new("redis://127.0.0.1:1", "{gone}:v1").unwrap();
    assert!(bus.check().await.is_err());
    let flow = Flow::new_jobs(new_id());
    assert!(bus.enqueue(new_id(), &flow, Position::FairTurn).await.is_err());
    assert!(bus.consumer(new_id()).next(1).await.is_err());
}

#[tokio::test]
async fn drops_entries_whose_consumer_was_deleted() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 2).await;
    let (deleted, alive) = (new_id(), new_id());
    let lost = next(&mut bus.consumer(deleted)).await;
    let held = next(&mut bus.consumer(alive)).await;
    let mut command = redis::cmd("XGROUP");
    command.arg("DELCONSUMER").arg(&bus.keys().jobs).arg("processors").arg(deleted.to_string());
    let _: u64 = command.query_async(&mut raw_connection().await).await.unwrap();
    assert_eq!(bus.drop_orphans().await.unwrap(), 1);
    assert_eq!(bus.drop_orphans().await.unwrap(), 0);
    assert!(bus.enqueue(lost.job, &lost.flow, Position::FairTurn).await.unwrap().added);
    assert!(bus.ack_and_publish(&held, None).await.unwrap(), "a held entry was dropped");
}
