//! Entries in hand: settled by their holder only, renewed, reclaimed from the silent, never lost.

use std::time::Duration;

use bus::{Flow, Position};
use testkit::eventually;
use uuid::Uuid;

use crate::{enqueue, jobs, next};

const SILENT: Duration = Duration::ZERO;

#[tokio::test]
async fn enqueueing_twice_adds_once_wherever_the_job_is() {
    let bus = testkit::bus().await;
    let (job, flow) = (Uuid::now_v7(), Flow::new_jobs(Uuid::now_v7()));
    let mut consumer = bus.consumer(Uuid::now_v7());
    for stage in ["admitted", "in hand"] {
        let added = bus.enqueue(job, &flow, Position::FairTurn).await.unwrap().added;
        assert_eq!(added, stage == "admitted");
        assert!(!bus.enqueue(job, &flow, Position::FairTurn).await.unwrap().added, "{stage}");
        if stage == "admitted" {
            assert_eq!(next(&mut consumer).await.job, job);
        }
    }
}

#[tokio::test]
async fn a_settled_job_leaves_nothing_behind() {
    let bus = testkit::bus().await;
    let job = jobs(&bus, Uuid::now_v7(), 1).await[0];
    let delivery = next(&mut bus.consumer(Uuid::now_v7())).await;
    assert!(bus.ack_and_publish(&delivery, None).await.unwrap());
    assert!(!bus.ack_and_publish(&delivery, None).await.unwrap(), "settling again settles nothing");
    enqueue(&bus, job, Uuid::now_v7()).await;
}

#[tokio::test]
async fn only_the_holder_settles_and_renews() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 1).await;
    let (silent, other) = (Uuid::now_v7(), Uuid::now_v7());
    let lost = next(&mut bus.consumer(silent)).await;
    let reclaimed = bus.consumer(other).reclaim(SILENT, 10).await.unwrap().deliveries;
    assert_eq!(reclaimed.len(), 1);
    assert_eq!((reclaimed[0].job, reclaimed[0].consumer), (lost.job, other));
    assert!(!bus.ack_and_publish(&lost, None).await.unwrap());
    assert!(bus.renew_entries(silent, std::slice::from_ref(&lost.entry)).await.unwrap().is_empty());
    assert_eq!(bus.renew_entries(other, std::slice::from_ref(&lost.entry)).await.unwrap(), [lost.entry]);
    assert!(bus.ack_and_publish(&reclaimed[0], None).await.unwrap());
}

#[tokio::test]
async fn renewing_keeps_others_from_reclaiming() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 2).await;
    let holder = Uuid::now_v7();
    let mut consumer = bus.consumer(holder);
    let (shown, silent) = (next(&mut consumer).await, next(&mut consumer).await);
    for entry in [&shown.entry, &silent.entry] {
        grown_old(&bus, holder, entry).await;
    }
    assert_eq!(bus.renew_entries(holder, std::slice::from_ref(&shown.entry)).await.unwrap(), [shown.entry]);
    let reclaimed = bus.consumer(Uuid::now_v7()).reclaim(Duration::from_secs(3_000), 10).await.unwrap();
    assert_eq!(reclaimed.deliveries.iter().map(|delivery| delivery.job).collect::<Vec<_>>(), [silent.job]);
}

/// Makes an entry look as if its holder had been silent for an hour.
async fn grown_old(bus: &bus::Bus, holder: Uuid, entry: &str) {
    let client = redis::Client::open(testkit::redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd("XCLAIM");
    command.arg(&bus.keys().jobs).arg("processors").arg(holder.to_string()).arg(0).arg(entry);
    let _: Vec<String> = command.arg("IDLE").arg(3_600_000).arg("JUSTID").query_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn reclaiming_goes_through_the_whole_stream_and_takes_no_more_than_asked() {
    let bus = testkit::bus().await;
    let all = jobs(&bus, Uuid::now_v7(), 30).await;
    let mut silent = bus.consumer(Uuid::now_v7());
    let mut held = 0;
    while held < all.len() {
        held += silent.next(8).await.unwrap().len();
    }
    let mut heir = bus.consumer(Uuid::now_v7());
    assert_eq!(heir.reclaim(SILENT, 7).await.unwrap().deliveries.len(), 7);
    assert_eq!(heir.reclaim(SILENT, 100).await.unwrap().deliveries.len(), 30);
}

#[tokio::test]
async fn an_entry_left_to_its_jobs_holder_is_never_the_one_that_is_dropped() {
    let bus = testkit::bus().await;
    let job = jobs(&bus, Uuid::now_v7(), 1).await[0];
    let holder = Uuid::now_v7();
    let held = next(&mut bus.consumer(holder)).await;
    let reclaimed = bus.consumer(Uuid::now_v7()).reclaim(SILENT, 1).await.unwrap().deliveries.remove(0);
    bus.reassign(&reclaimed, holder, Duration::ZERO).await.unwrap();
    assert!(!bus.enqueue(job, &held.flow, Position::FairTurn).await.unwrap().added, "the only entry was dropped");
    assert!(bus.ack_and_publish(&held, None).await.unwrap());
}

#[tokio::test]
async fn an_entry_left_to_a_dead_holder_is_reclaimed_as_soon_as_anybody_looks() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 1).await;
    let (holder, lease) = (Uuid::now_v7(), Duration::from_secs(3_600));
    next(&mut bus.consumer(holder)).await;
    let mut heir = bus.consumer(Uuid::now_v7());
    let reclaimed = heir.reclaim(SILENT, 1).await.unwrap().deliveries.remove(0);
    bus.reassign(&reclaimed, holder, Duration::ZERO).await.unwrap();
    assert!(heir.reclaim(lease, 1).await.unwrap().deliveries.is_empty(), "a living holder's entry");
    let reclaimed = heir.reclaim(SILENT, 1).await.unwrap().deliveries.remove(0);
    bus.reassign(&reclaimed, holder, lease).await.unwrap();
    assert_eq!(heir.reclaim(lease, 1).await.unwrap().deliveries.len(), 1);
}

#[tokio::test]
async fn a_consumer_is_dismissed_only_when_it_holds_nothing() {
    let bus = testkit::bus().await;
    jobs(&bus, Uuid::now_v7(), 1).await;
    let id = Uuid::now_v7();
    let held = next(&mut bus.consumer(id)).await;
    bus.delete_idle_consumer(id).await.unwrap();
    assert!(bus.ack_and_publish(&held, None).await.unwrap(), "what it held was lost");
    assert_eq!(bus.idle_consumers().await.unwrap(), [id]);
    bus.delete_idle_consumer(id).await.unwrap();
    assert!(bus.idle_consumers().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_forgotten_job_is_gone_from_line_and_from_hand() {
    let bus = testkit::bus().await;
    let all = jobs(&bus, Uuid::now_v7(), 20).await;
    let mut consumer = bus.consumer(Uuid::now_v7());
    let held = next(&mut consumer).await;
    for job in &all {
        bus.remove(*job).await.unwrap();
    }
    assert!(!bus.ack_and_publish(&held, None).await.unwrap());
    eventually("nothing is left to read", async || consumer.next(10).await.unwrap().is_empty().then_some(())).await;
}
