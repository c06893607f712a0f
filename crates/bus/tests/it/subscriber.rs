//! Events and control messages, as subscribers receive them.

use bus::{Bus, Control, DEFAULT_POOL, Enqueued, Event, Flow, Limits, Message, Position, Submitted};
use entity::id::new_id;
use entity::job::{Status, View};
use tokio::sync::mpsc;

use crate::{enqueue_many, next};

/// The messages of a subscriber that is subscribed already.
async fn subscribe(bus: &Bus) -> mpsc::UnboundedReceiver<Message> {
    let (sender, mut received) = mpsc::unbounded_channel();
    tokio::spawn(bus.subscriber().run(move |message| drop(sender.send(message))));
    assert_eq!(received.recv().await, Some(Message::Subscribed));
    received
}

fn event() -> Event {
    Event::job(new_id(), &testkit::sample_job().into())
}

#[tokio::test]
async fn events_and_control_reach_every_subscriber() {
    let bus = testkit::bus();
    let mut gateways = [subscribe(&bus).await, subscribe(&bus).await];
    let (event, revoked) = (event(), Control::SessionRevoked { session: new_id() });
    bus.publish(&event).await.unwrap();
    bus.send_control(&revoked).await.unwrap();
    for gateway in &mut gateways {
        assert_eq!(gateway.recv().await, Some(Message::Event(event.clone())));
        assert_eq!(gateway.recv().await, Some(Message::Control(revoked.clone())));
    }
}

#[tokio::test]
async fn enqueueing_publishes_the_state_with_its_position() {
    let bus = testkit::bus();
    let queue = bus.queue(DEFAULT_POOL);
    queue.mirror_limits(Limits { cap: 1, paused: false, version: 1 }).await.unwrap();
    let mut gateway = subscribe(&bus).await;
    let (user, flow) = (new_id(), Flow::new_jobs(new_id()));
    let submitted: Vec<Submitted> = (0..3)
        .map(|_| {
            let job = entity::job::Model { id: new_id(), status: Status::Pending, ..testkit::sample_job() };
            let (view, flow) = (View::new(job, None, None), flow.clone());
            Submitted { user, view, flow, position: Position::FairTurn }
        })
        .collect();
    let enqueued = queue.enqueue_and_publish(&submitted).await.unwrap();
    let positions = [None, Some(1), Some(2)];
    assert_eq!(enqueued, positions.map(|position| Enqueued { added: true, position }));
    for (submitted, position) in submitted.into_iter().zip(positions) {
        let event = Event::job(user, &View { queue_position: position, ..submitted.view });
        assert_eq!(gateway.recv().await, Some(Message::Event(event)));
    }
}

#[tokio::test]
async fn acknowledging_publishes_the_state_whoever_holds_the_entry() {
    let bus = testkit::bus();
    let queue = testkit::queue_of(&bus).await;
    let mut gateway = subscribe(&bus).await;
    enqueue_many(&queue, new_id(), 1).await;
    let delivery = next(&mut queue.consumer(new_id())).await;
    let event = event();
    assert!(queue.ack_and_publish(&delivery, Some(&event)).await.unwrap());
    assert!(!queue.ack_and_publish(&delivery, Some(&event)).await.unwrap());
    for _ in 0..2 {
        assert_eq!(gateway.recv().await, Some(Message::Event(event.clone())));
    }
}

#[tokio::test]
async fn a_subscriber_reconnects_and_reports_it() {
    let server = testkit::Redis::start().await;
    let bus = Bus::new(&server.url(), &testkit::namespace()).unwrap();
    let mut gateway = subscribe(&bus).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut admin = client.get_multiplexed_async_connection().await.unwrap();
    let killed: i64 = redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("PUBSUB").query_async(&mut admin).await.unwrap();
    assert_eq!(killed, 1);
    assert_eq!(gateway.recv().await, Some(Message::Subscribed));
    let event = event();
    bus.publish(&event).await.unwrap();
    assert_eq!(gateway.recv().await, Some(Message::Event(event)));
}
