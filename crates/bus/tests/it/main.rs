//! The contract against a real Redis; each test has its own namespace.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery;
mod failover;
mod fairness;
mod loss;
mod model;
mod rate;
mod subscriber;
mod tls;

use bus::{Consumer, Delivery, Flow, Limits, Position, Queue};
use entity::id::new_id;
use entity::{JobId, UserId};

/// Enqueues a job of `user` at its fair turn.
async fn enqueue(queue: &Queue, job: JobId, user: UserId) {
    assert!(queue.enqueue(job, &Flow::new_jobs(user), Position::FairTurn).await.unwrap().added);
}

/// Enqueues `count` jobs of `user`. Returns them in order.
async fn enqueue_many(queue: &Queue, user: UserId, count: usize) -> Vec<JobId> {
    let jobs: Vec<_> = (0..count).map(|_| new_id()).collect();
    for job in &jobs {
        enqueue(queue, *job, user).await;
    }
    jobs
}

/// Reads and acknowledges one delivery after another. Returns the jobs of the first `count` in order.
async fn serve(queue: &Queue, consumer: &mut Consumer, count: usize) -> Vec<JobId> {
    let mut served = Vec::new();
    while served.len() < count {
        for delivery in consumer.next(1).await.unwrap() {
            assert!(queue.ack_and_publish(&delivery, None).await.unwrap());
            served.push(delivery.job);
        }
    }
    served
}

/// Reads the next delivery.
async fn next(consumer: &mut Consumer) -> Delivery {
    let mut deliveries = consumer.next(1).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    deliveries.remove(0)
}

/// A queue with these limits.
async fn with_limits(cap: u32, paused: bool) -> Queue {
    let queue = testkit::queue().await;
    queue.mirror_limits(Limits { cap, paused, version: 1 }).await.unwrap();
    queue
}
