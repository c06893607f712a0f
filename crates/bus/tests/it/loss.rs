//! Redis losing its scripts, its consumer group, its stream, or all data.

use bus::{Bus, DEFAULT_POOL, Flow, Limits, Position, Queue, Queues};
use entity::id::new_id;
use redis::AsyncCommands;

use crate::{enqueue, enqueue_many, next};

async fn raw_connection() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Deletes every key of the namespace, as FLUSHALL would.
async fn flush(queue: &Queue) {
    let keys = queue.keys();
    let all = [&keys.jobs, &keys.backlog, &keys.tags, &keys.clock, &keys.locations, &keys.limits];
    let _: () = raw_connection().await.del(&all[..]).await.unwrap();
}

#[tokio::test]
async fn a_flushed_redis_admits_nothing_until_limits_are_mirrored() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 3).await;
    flush(&queue).await;
    assert_eq!(queue.limits().await.unwrap(), None);
    let job = new_id();
    enqueue(&queue, job, new_id()).await;
    let queues = Queues::new(queue.bus(), [DEFAULT_POOL]);
    assert_eq!(queues.positions(&[job]).await.unwrap(), [Some(1)], "admitted without limits");
    queue.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await.unwrap();
    assert_eq!(next(&mut queue.consumer(new_id())).await.job, job);
}

#[tokio::test]
async fn a_consumer_survives_the_loss_of_stream_and_group() {
    let queue = testkit::queue().await;
    let mut consumer = queue.consumer(new_id());
    enqueue_many(&queue, new_id(), 1).await;
    let held = next(&mut consumer).await;
    flush(&queue).await;
    queue.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await.unwrap();
    assert!(!queue.ack_and_publish(&held, None).await.unwrap());
    let again = queue.enqueue(held.job, &held.flow, Position::FairTurn).await.unwrap();
    assert!(again.added, "a lost job can be enqueued again");
    let mut read = Vec::new();
    while read.is_empty() {
        read = consumer.next(1).await.unwrap();
    }
    assert_eq!(read[0].job, held.job);
}

#[tokio::test]
async fn a_recreated_group_starts_with_the_oldest_entry() {
    let queue = testkit::queue().await;
    let job = enqueue_many(&queue, new_id(), 1).await[0];
    let _: () = redis::cmd("XGROUP")
        .arg("DESTROY")
        .arg(&queue.keys().jobs)
        .arg("processors")
        .query_async(&mut raw_connection().await)
        .await
        .unwrap();
    queue.admit().await.unwrap();
    assert_eq!(next(&mut queue.consumer(new_id())).await.job, job);
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let queue = testkit::queue().await;
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut raw_connection().await).await.unwrap();
    enqueue(&queue, new_id(), new_id()).await;
}

#[tokio::test]
async fn fails_quickly_if_redis_is_down() {
    let queue = Bus::new("redis://127.0.0.1:1", "{gone}:v1").unwrap().queue(DEFAULT_POOL);
    assert!(queue.bus().check().await.is_err());
    let flow = Flow::new_jobs(new_id());
    assert!(queue.enqueue(new_id(), &flow, Position::FairTurn).await.is_err());
    assert!(queue.consumer(new_id()).next(1).await.is_err());
}

#[tokio::test]
async fn drops_entries_whose_consumer_was_deleted() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 2).await;
    let (deleted, alive) = (new_id(), new_id());
    let lost = next(&mut queue.consumer(deleted)).await;
    let held = next(&mut queue.consumer(alive)).await;
    let mut command = redis::cmd("XGROUP");
    command.arg("DELCONSUMER").arg(&queue.keys().jobs).arg("processors").arg(deleted.to_string());
    let _: u64 = command.query_async(&mut raw_connection().await).await.unwrap();
    assert_eq!(queue.drop_orphans().await.unwrap(), 1);
    assert_eq!(queue.drop_orphans().await.unwrap(), 0);
    assert!(queue.enqueue(lost.job, &lost.flow, Position::FairTurn).await.unwrap().added);
    assert!(queue.ack_and_publish(&held, None).await.unwrap(), "a held entry was dropped");
}
