//! Whose turn it is, and how many are in flight.

use std::collections::HashSet;

use bus::{Flow, Limits, Position};
use uuid::Uuid;

use crate::{enqueue, jobs, limited, next, serve};

#[tokio::test]
async fn one_users_many_jobs_do_not_stand_before_anothers_one() {
    let bus = testkit::bus().await;
    let (many, one) = (Uuid::now_v7(), Uuid::now_v7());
    jobs(&bus, many, 5_000).await;
    let mut consumer = bus.consumer(Uuid::now_v7());
    serve(&bus, &mut consumer, 50).await;
    let late = Uuid::now_v7();
    enqueue(&bus, late, one).await;
    // Before it: only what was admitted already, and at most one of the other user's turn.
    let served = serve(&bus, &mut consumer, 12).await;
    assert!(served.contains(&late), "the single job was not served among the next 12");
}

#[tokio::test]
async fn a_retry_does_not_stand_behind_its_owners_backlog_and_a_hand_over_goes_first() {
    let bus = limited(1, false).await;
    let user = Uuid::now_v7();
    jobs(&bus, user, 100).await;
    let retried = bus.enqueue(Uuid::now_v7(), &Flow::retries(user), Position::FairTurn).await.unwrap();
    assert!(retried.position.unwrap() <= 3, "{retried:?}");
    let handed_over = bus.enqueue(Uuid::now_v7(), &Flow::retries(user), Position::Front).await.unwrap();
    assert_eq!(handed_over.position, Some(1));
}

#[tokio::test]
async fn cancelling_gives_the_turns_back() {
    let bus = limited(1, false).await;
    let (fickle, other) = (Uuid::now_v7(), Uuid::now_v7());
    enqueue(&bus, Uuid::now_v7(), other).await;
    let cancelled = jobs(&bus, fickle, 60).await;
    jobs(&bus, other, 60).await;
    for job in cancelled {
        bus.remove(job).await.unwrap();
    }
    let new = bus.enqueue(Uuid::now_v7(), &Flow::new_jobs(fickle), Position::FairTurn).await.unwrap();
    assert!(new.position.unwrap() <= 2, "{new:?}");
}

#[tokio::test]
async fn no_more_are_in_flight_than_the_cap_allows() {
    let bus = limited(3, false).await;
    let all: HashSet<_> = jobs(&bus, Uuid::now_v7(), 10).await.into_iter().collect();
    let mut consumer = bus.consumer(Uuid::now_v7());
    let in_hand = consumer.next(10).await.unwrap();
    assert_eq!(in_hand.len(), 3);
    assert!(consumer.next(10).await.unwrap().is_empty(), "a fourth was admitted");
    assert!(bus.ack_and_publish(&in_hand[0], None).await.unwrap());
    assert_eq!(consumer.next(10).await.unwrap().len(), 1);
    assert_eq!(all.len(), 10);
}

#[tokio::test]
async fn a_paused_queue_admits_nothing_until_it_goes_on() {
    let bus = limited(0, true).await;
    let job = jobs(&bus, Uuid::now_v7(), 1).await[0];
    assert_eq!(bus.admit().await.unwrap(), 0);
    bus.mirror_limits(Limits { cap: 0, paused: false }).await.unwrap();
    assert_eq!(next(&mut bus.consumer(Uuid::now_v7())).await.job, job);
}

#[tokio::test]
async fn positions_are_exact_and_end_with_admission() {
    let bus = limited(1, false).await;
    let waiting = jobs(&bus, Uuid::now_v7(), 4).await;
    let positions = bus.positions(&waiting).await.unwrap();
    assert_eq!(positions, [None, Some(1), Some(2), Some(3)]);
}
