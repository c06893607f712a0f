//! Deliveries: acknowledged and renewed by their holder only, reclaimed from silent consumers, never lost.

use std::time::Duration;

use bus::{Flow, Position};
use entity::WorkerId;
use entity::id::new_id;
use testkit::eventually;

use crate::{enqueue, enqueue_many, next};

/// Every entry counts as idle.
const ANY_IDLE_TIME: Duration = Duration::ZERO;

#[tokio::test]
async fn enqueueing_twice_adds_the_job_once() {
    let queue = testkit::queue().await;
    let (job, flow) = (new_id(), Flow::new_jobs(new_id()));
    let mut consumer = queue.consumer(new_id());
    for stage in ["admitted", "delivered"] {
        let added = queue.enqueue(job, &flow, Position::FairTurn).await.unwrap().added;
        assert_eq!(added, stage == "admitted");
        assert!(!queue.enqueue(job, &flow, Position::FairTurn).await.unwrap().added, "{stage}");
        if stage == "admitted" {
            assert_eq!(next(&mut consumer).await.job, job);
        }
    }
}

#[tokio::test]
async fn an_acknowledged_job_leaves_nothing_behind() {
    let queue = testkit::queue().await;
    let job = enqueue_many(&queue, new_id(), 1).await[0];
    let delivery = next(&mut queue.consumer(new_id())).await;
    assert!(queue.ack_and_publish(&delivery, None).await.unwrap());
    assert!(!queue.ack_and_publish(&delivery, None).await.unwrap(), "acknowledged twice");
    enqueue(&queue, job, new_id()).await;
}

#[tokio::test]
async fn only_the_holder_can_acknowledge_and_renew() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 1).await;
    let (silent, other) = (new_id(), new_id());
    let lost = next(&mut queue.consumer(silent)).await;
    let reclaimed = queue.consumer(other).reclaim(ANY_IDLE_TIME, 10).await.unwrap().deliveries;
    assert_eq!(reclaimed.len(), 1);
    assert_eq!((reclaimed[0].job, reclaimed[0].consumer), (lost.job, other));
    assert!(!queue.ack_and_publish(&lost, None).await.unwrap());
    assert!(queue.renew_entries(silent, std::slice::from_ref(&lost.entry)).await.unwrap().is_empty());
    assert_eq!(queue.renew_entries(other, std::slice::from_ref(&lost.entry)).await.unwrap(), [lost.entry]);
    assert!(queue.ack_and_publish(&reclaimed[0], None).await.unwrap());
}

#[tokio::test]
async fn renewed_entries_are_not_reclaimed() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 2).await;
    let holder = new_id();
    let mut consumer = queue.consumer(holder);
    let (renewed, silent) = (next(&mut consumer).await, next(&mut consumer).await);
    for entry in [&renewed.entry, &silent.entry] {
        make_idle(&queue, holder, entry).await;
    }
    assert_eq!(queue.renew_entries(holder, std::slice::from_ref(&renewed.entry)).await.unwrap(), [renewed.entry]);
    let reclaimed = queue.consumer(new_id()).reclaim(Duration::from_secs(3_000), 10).await.unwrap();
    assert_eq!(reclaimed.deliveries.iter().map(|delivery| delivery.job).collect::<Vec<_>>(), [silent.job]);
}

/// Makes an entry look as if its consumer had been silent for an hour.
async fn make_idle(queue: &bus::Queue, holder: WorkerId, entry: &str) {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd("XCLAIM");
    command.arg(&queue.keys().jobs).arg("processors").arg(holder.to_string()).arg(0).arg(entry);
    let _: Vec<String> = command.arg("IDLE").arg(3_600_000).arg("JUSTID").query_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn reclaims_from_the_whole_stream_up_to_a_maximum() {
    let queue = testkit::queue().await;
    let all = enqueue_many(&queue, new_id(), 30).await;
    let mut silent = queue.consumer(new_id());
    let mut held = 0;
    while held < all.len() {
        held += silent.next(8).await.unwrap().len();
    }
    let mut successor = queue.consumer(new_id());
    assert_eq!(successor.reclaim(ANY_IDLE_TIME, 7).await.unwrap().deliveries.len(), 7);
    assert_eq!(successor.reclaim(ANY_IDLE_TIME, 100).await.unwrap().deliveries.len(), 30);
}

#[tokio::test]
async fn reassigning_never_drops_the_only_entry_of_a_job() {
    let queue = testkit::queue().await;
    let job = enqueue_many(&queue, new_id(), 1).await[0];
    let holder = new_id();
    let held = next(&mut queue.consumer(holder)).await;
    let reclaimed = queue.consumer(new_id()).reclaim(ANY_IDLE_TIME, 1).await.unwrap().deliveries.remove(0);
    queue.reassign(&reclaimed, holder).await.unwrap();
    assert!(!queue.enqueue(job, &held.flow, Position::FairTurn).await.unwrap().added, "the only entry was dropped");
    assert!(queue.ack_and_publish(&held, None).await.unwrap());
}

#[tokio::test]
async fn releasing_a_consumer_makes_its_entries_reclaimable_and_deletes_it_without_entries() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 1).await;
    let (holder, lease) = (new_id(), Duration::from_secs(3_600));
    next(&mut queue.consumer(holder)).await;
    let successor_id = new_id();
    let mut successor = queue.consumer(successor_id);
    let reclaimed = successor.reclaim(ANY_IDLE_TIME, 1).await.unwrap().deliveries.remove(0);
    queue.reassign(&reclaimed, holder).await.unwrap();
    assert!(successor.reclaim(lease, 1).await.unwrap().deliveries.is_empty(), "the holder was not silent");
    assert_eq!(queue.release_consumer(holder, lease).await.unwrap(), 1);
    let reclaimed = successor.reclaim(lease, 1).await.unwrap().deliveries.remove(0);
    assert_eq!(queue.release_consumer(holder, lease).await.unwrap(), 0);
    assert_eq!(queue.consumers().await.unwrap(), [successor_id]);
    assert!(queue.ack_and_publish(&reclaimed, None).await.unwrap());
}

#[tokio::test]
async fn deletes_a_consumer_only_if_it_holds_no_entry() {
    let queue = testkit::queue().await;
    enqueue_many(&queue, new_id(), 1).await;
    let id = new_id();
    let held = next(&mut queue.consumer(id)).await;
    queue.delete_idle_consumer(id).await.unwrap();
    assert!(queue.ack_and_publish(&held, None).await.unwrap(), "its entry was lost");
    assert_eq!(queue.consumers().await.unwrap(), [id]);
    queue.delete_idle_consumer(id).await.unwrap();
    assert!(queue.consumers().await.unwrap().is_empty());
}

#[tokio::test]
async fn removing_a_job_deletes_it_from_backlog_and_stream() {
    let queue = testkit::queue().await;
    let all = enqueue_many(&queue, new_id(), 20).await;
    let mut consumer = queue.consumer(new_id());
    let held = next(&mut consumer).await;
    for job in &all {
        queue.remove(*job).await.unwrap();
    }
    assert!(!queue.ack_and_publish(&held, None).await.unwrap());
    eventually("there is nothing left to read", async || consumer.next(10).await.unwrap().is_empty().then_some(()))
        .await;
}
