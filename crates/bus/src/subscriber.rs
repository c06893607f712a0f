//! A subscription to the channels. It reconnects forever, and sends itself probes to notice a connection that is open but
//! delivers nothing.

use std::convert::Infallible;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use service::time::interval;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::connections::CONNECT_TIMEOUT;
use crate::{Bus, Control, Error, Event};

/// What a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The subscription starts; whatever was published before may have been missed.
    Subscribed,
    /// A job's new state.
    Event(Event),
    /// A message from another process.
    Control(Control),
}

/// How often a subscriber probes itself. A probe that has not arrived when the next one is due counts as lost.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Pauses between attempts to reconnect: 100 ms, doubled up to 2 s.
const RECONNECT_BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(2))
    .without_max_times();

/// A subscriber; see [`Bus::subscriber`].
pub struct Subscriber {
    bus: Bus,
    events: bool,
}

impl Bus {
    /// A subscriber to events and control messages.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        Subscriber { bus: self.clone(), events: true }
    }

    /// A subscriber to control messages only.
    #[must_use]
    pub fn control_subscriber(&self) -> Subscriber {
        Subscriber { bus: self.clone(), events: false }
    }
}

impl Subscriber {
    /// Passes every message to `handle`, which must not block. Runs until the future is dropped.
    pub async fn run(self, handle: impl Fn(Message)) -> Infallible {
        let mut backoff = RECONNECT_BACKOFF.build();
        loop {
            let started = Instant::now();
            let Err(error) = self.listen(&handle).await;
            metrics::counter!("sora_bus_losses_total").increment(1);
            metrics::gauge!("sora_bus_listening").set(0);
            tracing::warn!(%error, "lost the subscription to Redis; reconnecting");
            if started.elapsed() > PROBE_INTERVAL {
                backoff = RECONNECT_BACKOFF.build();
            } else {
                sleep(backoff.next().unwrap_or_default()).await;
            }
        }
    }

    async fn listen(&self, handle: &impl Fn(Message)) -> Result<Infallible, Error> {
        let (mut pubsub, mut generation) = self.bus.connector().open_subscriber().await?;
        let events = self.events.then_some(self.bus.keys.events.as_str());
        let channels: Vec<_> = events.into_iter().chain([self.bus.keys.control.as_str()]).collect();
        let subscribed = timeout(CONNECT_TIMEOUT, pubsub.subscribe(&channels)).await;
        subscribed.map_err(|_| Error::Timeout("SUBSCRIBE"))??;
        metrics::gauge!("sora_bus_listening").set(1);
        handle(Message::Subscribed);

        let own_mark = Uuid::new_v4();
        let mut probe_arrived = true;
        let mut probes = interval(PROBE_INTERVAL);
        let mut messages = pubsub.on_message();
        loop {
            tokio::select! {
                message = messages.next() => match self.decode(&message.ok_or(Error::Closed)?) {
                    Some(Message::Control(Control::Probe { mark })) => probe_arrived |= mark == own_mark,
                    Some(message) => handle(message),
                    None => {}
                },
                _ = generation.changed() => return Err(Error::Closed),
                _ = probes.tick() => {
                    if !probe_arrived {
                        metrics::counter!("sora_bus_probe_misses_total").increment(1);
                        return Err(Error::Timeout("the subscriber's own probe"));
                    }
                    probe_arrived = false;
                    self.bus.send_control(&Control::Probe { mark: own_mark }).await?;
                }
            }
        }
    }

    fn decode(&self, message: &redis::Msg) -> Option<Message> {
        let payload: String = message.get_payload().ok()?;
        if message.get_channel_name() == self.bus.keys.control {
            return Control::decode(&payload).map(Message::Control);
        }
        Event::decode(&payload)
            .inspect_err(|error| tracing::error!(%error, "dropped an unreadable event"))
            .ok()
            .map(Message::Event)
    }
}
