//! A gateway's ear on the channels, which cannot go deaf: it reconnects for ever and asks itself whether it hears.

use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, interval, sleep, timeout};
use uuid::Uuid;

use crate::{Bus, CONNECT_TIMEOUT, Control, Error, Event};

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It listens from now on; whatever was published before may have been missed.
    Subscribed,
    /// A job's new state.
    Event(Event),
    /// Word from another process.
    Control(Control),
}

/// How often it asks itself whether it hears; a question that is not heard by the next one means that it is deaf.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// The longest pause between attempts to reconnect.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// See [`Bus::subscriber`].
pub struct Subscriber {
    bus: Bus,
    events: bool,
}

impl Bus {
    /// A subscriber to both channels.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        Subscriber { bus: self.clone(), events: true }
    }

    /// A subscriber to word between processes alone.
    #[must_use]
    pub fn control_subscriber(&self) -> Subscriber {
        Subscriber { bus: self.clone(), events: false }
    }
}

impl Subscriber {
    /// Listens for ever and tells `hear` what it hears, which must not block. End it by dropping the future.
    pub async fn run(self, hear: impl Fn(Message)) -> Infallible {
        let mut backoff = Duration::ZERO;
        loop {
            let began = Instant::now();
            let Err(error) = self.listen(&hear).await;
            metrics::counter!("sora_bus_losses_total").increment(1);
            metrics::gauge!("sora_bus_listening").set(0);
            tracing::warn!(%error, "no longer listening to events; trying again");
            backoff = if began.elapsed() > PROBE_EVERY { Duration::ZERO } else { next_backoff(backoff) };
            sleep(backoff).await;
        }
    }

    async fn listen(&self, hear: &impl Fn(Message)) -> Result<Infallible, Error> {
        let connected = timeout(CONNECT_TIMEOUT, self.bus.client.get_async_pubsub()).await;
        let mut pubsub = connected.map_err(|_| silent("connecting"))??;
        let events = self.events.then_some(self.bus.keys.events.as_str());
        let channels: Vec<_> = events.into_iter().chain([self.bus.keys.control.as_str()]).collect();
        timeout(CONNECT_TIMEOUT, pubsub.subscribe(&channels)).await.map_err(|_| silent("SUBSCRIBE"))??;
        metrics::gauge!("sora_bus_listening").set(1);
        hear(Message::Subscribed);

        let mark = Uuid::new_v4();
        let mut heard = true;
        let mut probe = interval(PROBE_EVERY);
        let mut messages = pubsub.on_message();
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = message.ok_or_else(|| silent("subscription"))?;
                    match self.read(&message) {
                        Some(Message::Control(Control::Probe { mark: heard_mark })) => heard |= heard_mark == mark,
                        Some(signal) => hear(signal),
                        None => {}
                    }
                }
                _ = probe.tick() => {
                    if !heard {
                        metrics::counter!("sora_bus_probe_misses_total").increment(1);
                        return Err(silent("probe"));
                    }
                    heard = false;
                    self.bus.send_control(&Control::Probe { mark }).await?;
                }
            }
        }
    }

    fn read(&self, message: &redis::Msg) -> Option<Message> {
        let payload: String = message.get_payload().ok()?;
        if message.get_channel_name() == self.bus.keys.control {
            return Control::decode(&payload).map(Message::Control);
        }
        match Event::decode(&payload) {
            Ok(event) => Some(Message::Event(event)),
            Err(error) => {
                tracing::error!(%error, "an event that cannot be read was dropped");
                None
            }
        }
    }
}

fn silent(what: &'static str) -> Error {
    Error::Unexpected { what, answer: "silence".into() }
}

/// 100 ms, then twice as long each time, up to two seconds.
fn next_backoff(last: Duration) -> Duration {
    (last * 2).clamp(Duration::from_millis(100), MAX_BACKOFF)
}
