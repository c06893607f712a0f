//! Events and word between processes, as a subscriber hears them.

use bus::{Bus, Control, Event, Message};
use entity::id::new_id;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{jobs, next};

/// A subscriber that listens already, and what it hears.
async fn listening(bus: &Bus) -> mpsc::UnboundedReceiver<Message> {
    let (sender, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(bus.subscriber().run(move |signal| drop(sender.send(signal))));
    assert_eq!(heard.recv().await, Some(Message::Subscribed));
    heard
}

fn event() -> Event {
    Event::job(new_id(), &testkit::sample_job().into())
}

#[tokio::test]
async fn events_and_control_reach_every_subscriber() {
    let bus = testkit::bus().await;
    let mut gateways = [listening(&bus).await, listening(&bus).await];
    let (event, revoked) = (event(), Control::SessionRevoked { session: Uuid::now_v7() });
    bus.publish(&event).await.unwrap();
    bus.send_control(&revoked).await.unwrap();
    for gateway in &mut gateways {
        assert_eq!(gateway.recv().await, Some(Message::Event(event.clone())));
        assert_eq!(gateway.recv().await, Some(Message::Control(revoked.clone())));
    }
}

#[tokio::test]
async fn settling_publishes_the_state_whoever_holds_the_entry() {
    let bus = testkit::bus().await;
    let mut gateway = listening(&bus).await;
    jobs(&bus, Uuid::now_v7(), 1).await;
    let delivery = next(&mut bus.consumer(Uuid::now_v7())).await;
    let event = event();
    assert!(bus.ack_and_publish(&delivery, Some(&event)).await.unwrap());
    assert!(!bus.ack_and_publish(&delivery, Some(&event)).await.unwrap());
    for _ in 0..2 {
        assert_eq!(gateway.recv().await, Some(Message::Event(event.clone())));
    }
}

#[tokio::test]
async fn a_subscriber_whose_connection_is_cut_listens_again_and_says_so() {
    let server = testkit::Redis::start().await;
    let bus = Bus::new(server.url(), &testkit::namespace()).unwrap();
    let mut gateway = listening(&bus).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut admin = client.get_multiplexed_async_connection().await.unwrap();
    let killed: i64 = redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("PUBSUB").query_async(&mut admin).await.unwrap();
    assert_eq!(killed, 1);
    assert_eq!(gateway.recv().await, Some(Message::Subscribed));
    let event = event();
    bus.publish(&event).await.unwrap();
    assert_eq!(gateway.recv().await, Some(Message::Event(event)));
}
