//! One websocket, from the upgrade to the close: hello, welcome, snapshot, then frames as they come.
//!
//! One task, two loops side by side: one that listens and one that writes. Whichever ends says why, and the socket is
//! closed with that.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocket};
use entity::JobId;
use entity::clock::{rfc3339, wall};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use uuid::Uuid;

use crate::auth::{Session, identify};
use crate::live::frame::{Close, Frame, Hello, Said};
use crate::live::hub::{Next, Outbox, Seat};
use crate::live::snapshot;
use crate::live::socket::{Over, Receiver, Sender, halves};
use crate::state::Gateway;

/// How many heartbeats may go unanswered.
const MISSED_HEARTBEATS: u32 = 2;

/// Who opened the socket, as far as the request told.
pub(crate) enum Identity {
    /// Nothing was shown: `hello` has to bring a token.
    Unknown,
    /// What was shown does not count.
    Refused,
    /// This session.
    Known(Arc<Session>),
}

/// Serves a socket until it is over.
pub(crate) async fn run(gateway: Gateway, socket: WebSocket, identity: Identity) {
    let patience = gateway.config.timings.flush;
    let (mut sender, mut receiver) = halves(socket, patience);
    let over = match served(&gateway, &mut sender, &mut receiver, identity).await {
        Ok(never) => match never {},
        Err(over) => over,
    };
    if over == Over::Close(Close::Restart) {
        let _ = sender.send([Frame::bye(gateway.hub.len()).text()]).await;
    }
    if let Over::Close(close) = over {
        tracing::debug!(?close, "closing a websocket");
        sender.close(close).await;
        receiver.drained(Duration::from_secs(1)).await;
    }
}

async fn served(
    gateway: &Gateway,
    sender: &mut Sender,
    receiver: &mut Receiver,
    identity: Identity,
) -> Result<Infallible, Over> {
    let (session, known) = tokio::select! {
        greeted = greeted(gateway, receiver, identity) => greeted?,
        () = gateway.stopping.cancelled() => return Err(Close::Restart.into()),
    };
    let seat = gateway.hub.join(session.user.id, session.id).ok_or(Close::TooMany)?;
    let connection = Connection { gateway, seat, session, answered: AtomicBool::new(true) };
    for (job, seq) in &known {
        connection.outbox().note_sent(*job, *seq);
    }
    connection.serve(sender, receiver, known.into_keys().collect()).await
}

/// Waits for `hello` and settles who it is.
async fn greeted(
    gateway: &Gateway,
    receiver: &mut Receiver,
    identity: Identity,
) -> Result<(Arc<Session>, HashMap<JobId, i64>), Over> {
    if matches!(identity, Identity::Refused) {
        return Err(Close::Unauthenticated.into());
    }
    let said = timeout(gateway.config.timings.hello, receiver.said()).await.map_err(|_| Close::NoHello)?;
    let Said::Hello(Hello { token, known }) = said? else {
        return Err(Close::Malformed.into());
    };
    let session = match (identity, token) {
        (Identity::Known(session), _) => Some(session),
        (_, Some(token)) => identify(gateway, &token).await.map_err(|_| Close::Overloaded)?,
        (_, None) => None,
    };
    Ok((session.ok_or(Close::Unauthenticated)?, known))
}

/// A socket whose user is known.
struct Connection<'a> {
    gateway: &'a Gateway,
    seat: Seat,
    session: Arc<Session>,
    /// Whether the client has said anything since the last heartbeat.
    answered: AtomicBool,
}

impl Connection<'_> {
    fn outbox(&self) -> &Outbox {
        self.seat.outbox()
    }

    async fn serve(&self, sender: &mut Sender, receiver: &mut Receiver, known: Vec<JobId>) -> Result<Infallible, Over> {
        let left = Duration::from_millis(u64::try_from(self.session.expires_at - wall()).unwrap_or_default());
        tokio::select! {
            over = self.listen(receiver) => over,
            over = self.write(sender, known) => over,
            () = sleep(left) => Err(Close::Unauthenticated.into()),
            () = self.gateway.stopping.cancelled() => Err(Close::Restart.into()),
        }
    }

    /// Whatever a client says shows that it is there; a second `hello` says nothing new.
    async fn listen(&self, receiver: &mut Receiver) -> Result<Infallible, Over> {
        loop {
            receiver.said().await?;
            self.answered.store(true, Ordering::Relaxed);
        }
    }

    async fn write(&self, sender: &mut Sender, mut known: Vec<JobId>) -> Result<Infallible, Over> {
        sender.send([self.welcome()]).await?;
        let every = self.gateway.config.timings.heartbeat;
        let mut heartbeat = interval_at(Instant::now() + every, every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0;
        loop {
            tokio::select! {
                next = self.outbox().next() => match next {
                    Next::Frames(frames) => sender.send(frames).await?,
                    Next::Snapshot => sender.send(self.snapshot(std::mem::take(&mut known)).await?).await?,
                    Next::End(close) => return Err(close.into()),
                },
                _ = heartbeat.tick() => {
                    missed = if self.answered.swap(false, Ordering::Relaxed) { 0 } else { missed + 1 };
                    if missed >= MISSED_HEARTBEATS {
                        return Err(Close::HeartbeatMissed.into());
                    }
                    self.demand_session().await?;
                    sender.send([Frame::Heartbeat.text()]).await?;
                }
            }
        }
    }

    fn welcome(&self) -> Utf8Bytes {
        let heartbeat = self.gateway.config.timings.heartbeat.as_secs();
        let expires_at = rfc3339(self.session.expires_at);
        Frame::Welcome { v: 1, connection: Uuid::now_v7(), heartbeat, expires_at }.text()
    }

    async fn snapshot(&self, known: Vec<JobId>) -> Result<Vec<Utf8Bytes>, Over> {
        self.demand_session().await?;
        let frames = snapshot::frames(self.gateway, self.session.user.id, self.outbox(), &known).await;
        frames.map_err(|error| {
            tracing::warn!(%error, "no snapshot for a websocket");
            Over::Close(Close::Overloaded)
        })
    }

    /// Word of a revocation can be lost; the row cannot. A database that is away ends nothing.
    async fn demand_session(&self) -> Result<(), Over> {
        match self.gateway.sessions.alive(&self.gateway.db, self.session.id).await {
            Ok(None) => Err(Close::Unauthenticated.into()),
            Ok(Some(_)) | Err(_) => Ok(()),
        }
    }
}
