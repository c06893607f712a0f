//! Redis losing what it held: scripts, group, stream, everything.

use bus::{Bus, Flow, Limits, Position};
use redis::AsyncCommands;
use uuid::Uuid;

use crate::{enqueue, jobs, next};

async fn raw() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Deletes every key of the namespace, as FLUSHALL does to all.
async fn emptied(bus: &Bus) {
    let keys = bus.keys();
    let all = [&keys.jobs, &keys.backlog, &keys.tags, &keys.clock, &keys.places, &keys.limits];
    let _: () = raw().await.del(&all[..]).await.unwrap();
}

#[tokio::test]
async fn an_emptied_redis_admits_nothing_until_its_limits_are_back() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 3).await;
    emptied(&bus).await;
    assert!(!bus.has_limits().await.unwrap());
    let job = Uuid::now_v7();
    enqueue(&bus, job, Uuid::now_v7()).await;
    assert_eq!(bus.positions(&[job]).await.unwrap(), [Some(1)], "admitted without limits");
    bus.mirror_limits(Limits { cap: 0, paused: false }).await.unwrap();
    assert_eq!(next(&mut bus.consumer(Uuid::now_v7())).await.job, job);
}

#[tokio::test]
async fn a_reader_survives_the_loss_of_stream_and_group() {
    let bus = testkit::bus().await;
    let mut consumer = bus.consumer(Uuid::now_v7());
    jobs(&bus, Uuid::now_v7(), 1).await;
    let held = next(&mut consumer).await;
    emptied(&bus).await;
    bus.mirror_limits(Limits { cap: 0, paused: false }).await.unwrap();
    assert!(!bus.ack_and_publish(&held, None).await.unwrap());
    let again = bus.enqueue(held.job, &held.flow, Position::FairTurn).await.unwrap();
    assert!(again.added, "what was lost can be put in line again");
    let mut read = Vec::new();
    while read.is_empty() {
        read = consumer.next(1).await.unwrap();
    }
    assert_eq!(read[0].job, held.job);
}

#[tokio::test]
async fn a_group_made_anew_begins_with_the_oldest_entry() {
    let bus = testkit::bus().await;
    let job = jobs(&bus, Uuid::now_v7(), 1).await[0];
    let _: () = redis::cmd("XGROUP")
        .arg("DESTROY")
        .arg(&bus.keys().jobs)
        .arg("processors")
        .query_async(&mut raw().await)
        .await
        .unwrap();
    bus.admit().await.unwrap();
    assert_eq!(next(&mut bus.consumer(Uuid::now_v7())).await.job, job);
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_loaded_again() {
    let bus = testkit::bus().await;
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut raw().await).await.unwrap();
    enqueue(&bus, Uuid::now_v7(), Uuid::now_v7()).await;
}

#[tokio::test]
async fn a_redis_that_is_away_is_an_error_and_no_hang() {
    let bus = Bus::new("redis://127.0.0.1:1", "{gone}:v1").unwrap();
    assert!(bus.ping().await.is_err());
    let flow = Flow::new_jobs(Uuid::now_v7());
    assert!(bus.enqueue(Uuid::now_v7(), &flow, Position::FairTurn).await.is_err());
    assert!(bus.consumer(Uuid::now_v7()).next(1).await.is_err());
}

#[tokio::test]
async fn entries_whose_consumer_was_deleted_do_not_take_places_for_ever() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 2).await;
    let (deleted, living) = (Uuid::now_v7(), Uuid::now_v7());
    let lost = next(&mut bus.consumer(deleted)).await;
    let held = next(&mut bus.consumer(living)).await;
    let mut command = redis::cmd("XGROUP");
    command.arg("DELCONSUMER").arg(&bus.keys().jobs).arg("processors").arg(deleted.to_string());
    let _: u64 = command.query_async(&mut raw().await).await.unwrap();
    assert_eq!(bus.drop_orphans().await.unwrap(), 1);
    assert_eq!(bus.drop_orphans().await.unwrap(), 0);
    assert!(bus.enqueue(lost.job, &lost.flow, Position::FairTurn).await.unwrap().added);
    assert!(bus.ack_and_publish(&held, None).await.unwrap(), "an entry in hand was dropped");
}
