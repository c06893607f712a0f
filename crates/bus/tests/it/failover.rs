//! A failover of Redis behind one address. Connections that are open stay open to the server that was the primary.

use std::time::Duration;

use bus::{Bus, DEFAULT_POOL, Event, Flow, Limits, Message, Position, Queue};
use entity::id::new_id;
use testkit::{Failover, eventually};
use tokio::sync::mpsc;

use crate::serve;

/// A client with connections of every kind open, and the messages of its subscriber.
async fn connected(redis: &Failover, namespace: &str) -> (Queue, bus::Consumer, mpsc::UnboundedReceiver<Message>) {
    let bus = Bus::new(&redis.url(), namespace).unwrap();
    let queue = bus.queue(DEFAULT_POOL);
    queue.mirror_limits(Limits { cap: 0, paused: false, version: 1 }).await.unwrap();
    let (sender, mut messages) = mpsc::unbounded_channel();
    tokio::spawn(bus.subscriber().run(move |message| drop(sender.send(message))));
    assert_eq!(messages.recv().await, Some(Message::Subscribed));
    let mut consumer = queue.consumer(new_id());
    enqueue_and_settle(&queue, &mut consumer).await;
    (queue, consumer, messages)
}

/// Passes a job through the queue.
async fn enqueue_and_settle(queue: &Queue, consumer: &mut bus::Consumer) {
    let job = new_id();
    queue.enqueue(job, &Flow::new_jobs(new_id()), Position::FairTurn).await.unwrap();
    assert_eq!(serve(queue, consumer, 1).await, [job]);
}

#[tokio::test]
async fn every_connection_follows_the_address_to_the_new_primary() {
    for planned in [true, false] {
        let mut redis = Failover::start().await;
        let namespace = testkit::namespace();
        let (queue, mut consumer, mut messages) = connected(&redis, &namespace).await;
        redis.fail_over(planned).await;
        // The first command is not refused for the demotion, however it is sent.
        queue.bus().check().await.unwrap();
        enqueue_and_settle(&queue, &mut consumer).await;
        assert_eq!(queue.bus().count("writes", Duration::from_secs(60)).await.unwrap().count, 1);
        // Published on the new primary by another client, and heard on a new subscription.
        let event = Event::job(new_id(), &testkit::sample_job().into());
        assert_eq!(messages.recv().await, Some(Message::Subscribed));
        redis.detach().await;
        Bus::new(&redis.url(), &namespace).unwrap().publish(&event).await.unwrap();
        assert_eq!(messages.recv().await, Some(Message::Event(event)));
    }
}

#[tokio::test]
async fn an_idle_subscriber_leaves_a_server_that_was_demoted() {
    let mut redis = Failover::start().await;
    let (_queue, _consumer, mut messages) = connected(&redis, &testkit::namespace()).await;
    redis.fail_over(false).await;
    // Nothing but its own probe finds out.
    assert_eq!(messages.recv().await, Some(Message::Subscribed));
}

#[tokio::test]
async fn every_connection_leaves_a_server_that_hangs() {
    let mut redis = Failover::start().await;
    let (queue, mut consumer, mut messages) = connected(&redis, &testkit::namespace()).await;
    redis.freeze_primary().await;
    eventually("commands are answered", async || queue.bus().check().await.ok()).await;
    eventually("the queue is read", async || consumer.next(1).await.ok()).await;
    enqueue_and_settle(&queue, &mut consumer).await;
    assert_eq!(messages.recv().await, Some(Message::Subscribed));
}

#[tokio::test]
async fn says_that_the_address_leads_to_a_replica() {
    let mut redis = Failover::start().await;
    let (queue, _consumer, _messages) = connected(&redis, &testkit::namespace()).await;
    redis.demote().await;
    for _ in 0..2 {
        assert_eq!(queue.bus().fault(Duration::from_secs(10)).await, Some("replica"));
    }
    let event = Event::job(new_id(), &testkit::sample_job().into());
    assert!(queue.bus().publish(&event).await.is_err(), "a replica's subscribers alone would hear it");
    redis.promote();
    eventually("Redis can be used again", async || {
        queue.bus().fault(Duration::from_secs(10)).await.is_none().then_some(())
    })
    .await;
}
