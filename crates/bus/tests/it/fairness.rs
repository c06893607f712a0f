//! The order of admission, and the limits on it.

use std::collections::HashSet;

use bus::{DEFAULT_POOL, Flow, Limits, Position, Queues};
use entity::id::new_id;

use crate::{enqueue, enqueue_many, next, serve, with_limits};

#[tokio::test]
async fn a_users_large_backlog_does_not_delay_another_users_job() {
    let queue = testkit::queue().await;
    let (many, one) = (new_id(), new_id());
    enqueue_many(&queue, many, 5_000).await;
    let mut consumer = queue.consumer(new_id());
    serve(&queue, &mut consumer, 50).await;
    let late = new_id();
    enqueue(&queue, late, one).await;
    // Ahead of it are only the jobs admitted already, and at most one more of the other user.
    let served = serve(&queue, &mut consumer, 12).await;
    assert!(served.contains(&late), "the single job was not served among the next 12");
}

#[tokio::test]
async fn retries_do_not_wait_behind_their_owners_backlog_and_handovers_go_first() {
    let queue = with_limits(1, false).await;
    let user = new_id();
    enqueue_many(&queue, user, 100).await;
    let retried = queue.enqueue(new_id(), &Flow::retries(user), Position::FairTurn).await.unwrap();
    assert!(retried.position.unwrap() <= 3, "{retried:?}");
    let handed_over = queue.enqueue(new_id(), &Flow::retries(user), Position::Front).await.unwrap();
    assert_eq!(handed_over.position, Some(1));
}

#[tokio::test]
async fn cancelled_jobs_return_their_turns() {
    let queue = with_limits(1, false).await;
    let (canceller, other) = (new_id(), new_id());
    enqueue(&queue, new_id(), other).await;
    let cancelled = enqueue_many(&queue, canceller, 60).await;
    enqueue_many(&queue, other, 60).await;
    for job in cancelled {
        queue.remove(job).await.unwrap();
    }
    let new = queue.enqueue(new_id(), &Flow::new_jobs(canceller), Position::FairTurn).await.unwrap();
    assert!(new.position.unwrap() <= 2, "{new:?}");
}

#[tokio::test]
async fn jobs_in_flight_never_exceed_the_cap() {
    let queue = with_limits(3, false).await;
    let all: HashSet<_> = enqueue_many(&queue, new_id(), 10).await.into_iter().collect();
    let mut consumer = queue.consumer(new_id());
    let held = consumer.next(10).await.unwrap();
    assert_eq!(held.len(), 3);
    assert!(consumer.next(10).await.unwrap().is_empty(), "a fourth was admitted");
    assert!(queue.ack_and_publish(&held[0], None).await.unwrap());
    assert_eq!(consumer.next(10).await.unwrap().len(), 1);
    assert_eq!(all.len(), 10);
}

#[tokio::test]
async fn a_paused_queue_admits_nothing_until_resumed() {
    let queue = with_limits(0, true).await;
    let job = enqueue_many(&queue, new_id(), 1).await[0];
    assert_eq!(queue.admit().await.unwrap(), 0);
    queue.mirror_limits(Limits { cap: 0, paused: false, version: 2 }).await.unwrap();
    assert_eq!(next(&mut queue.consumer(new_id())).await.job, job);
}

#[tokio::test]
async fn positions_are_exact_and_end_with_admission() {
    let queue = with_limits(1, false).await;
    let waiting = enqueue_many(&queue, new_id(), 4).await;
    let positions = Queues::new(queue.bus(), [DEFAULT_POOL]).positions(&waiting).await.unwrap();
    assert_eq!(positions, [None, Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn limits_are_replaced_by_newer_ones_only() {
    let queue = testkit::queue().await;
    let newer = Limits { cap: 5, paused: true, version: 7 };
    queue.mirror_limits(newer).await.unwrap();
    for late in [6, 7] {
        queue.mirror_limits(Limits { cap: 0, paused: false, version: late }).await.unwrap();
        assert_eq!(queue.limits().await.unwrap(), Some(newer));
    }
}
