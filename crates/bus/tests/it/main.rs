//! The contract against a real Redis, each script, each namespace its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery;
mod fairness;
mod loss;
mod model;
mod rate;
mod signals;
mod tls;

use bus::{Bus, Consumer, Delivery, Flow, Limits, Position};
use uuid::Uuid;

/// Enqueues a job of `user` in turn.
async fn enqueue(bus: &Bus, job: Uuid, user: Uuid) {
    assert!(bus.enqueue(job, &Flow::new_jobs(user), Position::FairTurn).await.unwrap().added);
}

/// As many jobs of `user` as asked, in order.
async fn jobs(bus: &Bus, user: Uuid, count: usize) -> Vec<Uuid> {
    let jobs: Vec<_> = (0..count).map(|_| Uuid::now_v7()).collect();
    for job in &jobs {
        enqueue(bus, *job, user).await;
    }
    jobs
}

/// Reads and settles one delivery after another until `count` were served; their jobs in order.
async fn serve(bus: &Bus, consumer: &mut Consumer, count: usize) -> Vec<Uuid> {
    let mut served = Vec::new();
    while served.len() < count {
        for delivery in consumer.next(1).await.unwrap() {
            assert!(bus.ack_and_publish(&delivery, None).await.unwrap());
            served.push(delivery.job);
        }
    }
    served
}

/// The one next delivery.
async fn next(consumer: &mut Consumer) -> Delivery {
    let mut deliveries = consumer.next(1).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    deliveries.remove(0)
}

async fn limited(cap: u32, paused: bool) -> Bus {
    let bus = testkit::bus().await;
    bus.mirror_limits(Limits { cap, paused }).await.unwrap();
    bus
}
