//! Deliveries: acknowledged and renewed by tsuccessor holder only, reclaimed from silent consumers, never lost.

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
    let bus = testkit::bus().await;
    let (job, flow) = (new_id(), Flow::new_jobs(new_id()));
    let mut consumer = bus.consumer(new_id());
    for stage in ["admitted", "delivered"] {
        let added = bus.enqueue(job, &flow, Position::FairTurn).await.unwrap().added;
        assert_eq!(added, stage == "admitted");
        assert!(!bus.enqueue(job, &flow, Position::FairTurn).await.unwrap().added, "{stage}");
        if stage == "admitted" {
            assert_eq!(next(&mut consumer).await.job, job);
        }
    }
}

#[tokio::test]
async fn an_acknowledged_job_leaves_nothing_behind() {
    let bus = testkit::bus().await;
    let job = enqueue_many(&bus, new_id(), 1).await[0];
    let delivery = next(&mut bus.consumer(new_id())).await;
    assert!(bus.ack_and_publish(&delivery, None).await.unwrap());
    assert!(!bus.ack_and_publish(&delivery, None).await.unwrap(), "acknowledged twice");
    enqueue(&bus, job, new_id()).await;
}

#[tokio::test]
async fn only_the_holder_can_acknowledge_and_renew() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 1).await;
    let (silent, other) = (new_id(), new_id());
    let lost = next(&mut bus.consumer(silent)).await;
    let reclaimed = bus.consumer(other).reclaim(ANY_IDLE_TIME, 10).await.unwrap().deliveries;
    assert_eq!(reclaimed.len(), 1);
    assert_eq!((reclaimed[0].job, reclaimed[0].consumer), (lost.job, other));
    assert!(!bus.ack_and_publish(&lost, None).await.unwrap());
    assert!(bus.renew_entries(silent, std::slice::from_ref(&lost.entry)).await.unwrap().is_empty());
    assert_eq!(bus.renew_entries(other, std::slice::from_ref(&lost.entry)).await.unwrap(), [lost.entry]);
    assert!(bus.ack_and_publish(&reclaimed[0], None).await.unwrap());
}

#[tokio::test]
async fn renewed_entries_are_not_reclaimed() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 2).await;
    let holder = new_id();
    let mut consumer = bus.consumer(holder);
    let (renewed, silent) = (next(&mut consumer).await, next(&mut consumer).await);
    for entry in [&renewed.entry, &silent.entry] {
        make_idle(&bus, holder, entry).await;
    }
    assert_eq!(bus.renew_entries(holder, std::slice::from_ref(&renewed.entry)).await.unwrap(), [renewed.entry]);
    let reclaimed = bus.consumer(new_id()).reclaim(Duration::from_secs(3_000), 10).await.unwrap();
    assert_eq!(reclaimed.deliveries.iter().map(|delivery| delivery.job).collect::<Vec<_>>(), [silent.job]);
}

/// Makes an entry look as if its consumer had been silent for an hour.
async fn make_idle(bus: &bus::Bus, holder: WorkerId, entry: &str) {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd("XCLAIM");
    command.arg(&bus.keys().jobs).arg("processors").arg(holder.to_string()).arg(0).arg(entry);
    let _: Vec<String> = command.arg("IDLE").arg(3_600_000).arg("JUSTID").query_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn reclaims_from_the_whole_stream_up_to_a_maximum() {
    let bus = testkit::bus().await;
    let all = enqueue_many(&bus, new_id(), 30).await;
    let mut silent = bus.consumer(new_id());
    let mut held = 0;
    while held < all.len() {
        held += silent.next(8).await.unwrap().len();
    }
    let mut successor = bus.consumer(new_id());
    assert_eq!(successor.reclaim(ANY_IDLE_TIME, 7).await.unwrap().deliveries.len(), 7);
    assert_eq!(successor.reclaim(ANY_IDLE_TIME, 100).await.unwrap().deliveries.len(), 30);
}

#[tokio::test]
async fn reassigning_never_drops_the_only_entry_of_a_job() {
    let bus = testkit::bus().await;
    let job = enqueue_many(&bus, new_id(), 1).await[0];
    let holder = new_id();
    let held = next(&mut bus.consumer(holder)).await;
    let reclaimed = bus.consumer(new_id()).reclaim(ANY_IDLE_TIME, 1).await.unwrap().deliveries.remove(0);
    bus.reassign(&reclaimed, holder).await.unwrap();
    assert!(!bus.enqueue(job, &held.flow, Position::FairTurn).await.unwrap().added, "the only entry was dropped");
    assert!(bus.ack_and_publish(&held, None).await.unwrap());
}

#[tokio::test]
async fn releasing_a_consumer_makes_its_entries_reclaimable_and_deletes_it_without_entries() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 1).await;
    let (holder, lease) = (new_id(), Duration::from_secs(3_600));
    next(&mut bus.consumer(holder)).await;
    let successor_id = new_id();
    let mut successor = bus.consumer(successor_id);
    let reclaimed = successor.reclaim(ANY_IDLE_TIME, 1).await.unwrap().deliveries.remove(0);
    bus.reassign(&reclaimed, holder).await.unwrap();
    assert!(successor.reclaim(lease, 1).await.unwrap().deliveries.is_empty(), "the holder was not silent");
    assert_eq!(bus.release_consumer(holder, lease).await.unwrap(), 1);
    let reclaimed = successor.reclaim(lease, 1).await.unwrap().deliveries.remove(0);
    assert_eq!(bus.release_consumer(holder, lease).await.unwrap(), 0);
    assert_eq!(bus.consumers().await.unwrap(), [successor_id]);
    assert!(bus.ack_and_publish(&reclaimed, None).await.unwrap());
}

#[tokio::test]
async fn deletes_a_consumer_only_if_it_holds_no_entry() {
    let bus = testkit::bus().await;
    enqueue_many(&bus, new_id(), 1).await;
    let id = new_id();
    let held = next(&mut bus.consumer(id)).await;
    bus.delete_idle_consumer(id).await.unwrap();
    assert!(bus.ack_and_publish(&held, None).await.unwrap(), "its entry was lost");
    assert_eq!(bus.consumers().await.unwrap(), [id]);
    bus.delete_idle_consumer(id).await.unwrap();
    assert!(bus.consumers().await.unwrap().is_empty());
}

#[tokio::test]
async fn removing_a_job_deletes_it_from_backlog_and_stream() {
    let bus = testkit::bus().await;
    let all = enqueue_many(&bus, new_id(), 20).await;
    let mut consumer = bus.consumer(new_id());
    let held = next(&mut consumer).await;
    for job in &all {
        bus.remove(*job).await.unwrap();
    }
    assert!(!bus.ack_and_publish(&held, None).await.unwrap());
    eventually("there is nothing left to read", async || consumer.next(10).await.unwrap().is_empty().then_some(()))
        .await;
}
