//! One websocket, from the upgrade to the close: hello, welcome, snapshot, then frames as they come.
//!
//! One task runs two loops, one that reads and one that writes. The first to end gives the reason for closing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocket};
use entity::clock::rfc3339;
use entity::{JobId, UserId};
use service::time::interval_at;
use tokio::time::timeout;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::auth::{Principal, identify_reader, until_expired};
use crate::error::ApiError;
use crate::http::client_address::ClientAddress;
use crate::http::connection_limit::Permit;
use crate::live::client_message::{ClientMessage, Hello};
use crate::live::disconnect::Disconnect;
use crate::live::frame::{Close, Frame};
use crate::live::hub::Subscription;
use crate::live::job_version::JobVersion;
use crate::live::outbox::{Next, Outbox, Selection};
use crate::live::snapshot;
use crate::live::socket::{Receiver, Sender, split};
use crate::live::watch;
use crate::state::Gateway;

/// The caller, as far as the request shows.
pub(crate) enum Identity {
    /// No credentials: `hello` must contain a token.
    Unknown,
    /// Invalid credentials, or those of a key that may not read.
    Rejected(Close),
    /// Authenticated.
    Known(Principal),
}

/// Serves a websocket until it ends.
pub(crate) async fn run(
    gateway: Gateway,
    socket: WebSocket,
    permit: Result<Permit<ClientAddress>, Close>,
    identity: Identity,
    request: Span,
) {
    let (mut sender, mut receiver) = split(socket, &gateway.config.sockets.timings);
    let reason = match permit {
        Err(close) => Disconnect::Close(close),
        Ok(_permit) => match serve_socket(&gateway, &mut sender, &mut receiver, identity, request).await {
            Ok(never) => match never {},
            Err(reason) => reason,
        },
    };
    let Disconnect::Close(close) = reason else {
        return;
    };
    tracing::debug!(?close, "closing a websocket");
    match close {
        Close::Restart => {
            let _ = sender.send([Frame::bye(gateway.live.reconnect_pause()).text()]).await;
        }
        Close::TooSlow => {
            metrics::counter!("sora_websocket_slow_clients_total").increment(1);
            tracing::info!("closing a websocket whose client reads too slowly");
        }
        _ => {}
    }
    sender.close(close).await;
    receiver.drain(Duration::from_secs(1)).await;
}

async fn serve_socket(
    gateway: &Gateway,
    sender: &mut Sender,
    receiver: &mut Receiver,
    identity: Identity,
    request: Span,
) -> Result<Infallible, Disconnect> {
    // Boxed and in its own span, so that neither is kept for as long as the socket is open.
    let greeting = Box::pin(greet(gateway, receiver, identity).instrument(request));
    let (principal, known) = tokio::select! {
        greeted = greeting => greeted?,
        () = gateway.shutdown.started.cancelled() => return Err(Close::Restart.into()),
    };
    let max = gateway.config.sockets.max_per_user.get() as usize;
    let subscription = gateway.live.hub.subscribe_to(Selection::All, principal, max).ok_or(Close::TooMany)?;
    let connection = Connection {
        gateway,
        subscription,
        user: principal.user,
        id: Uuid::now_v7(),
        expires_at: AtomicI64::new(principal.expires_at.unwrap_or(i64::MAX)),
        answered: AtomicBool::new(true),
    };
    for (job, seq) in &known {
        connection.outbox().mark_sent(*job, JobVersion::known_to_client(*seq));
    }
    connection.serve(sender, receiver, known.into_keys().collect()).await
}

/// Waits for `hello` and authenticates the client.
async fn greet(
    gateway: &Gateway,
    receiver: &mut Receiver,
    identity: Identity,
) -> Result<(Principal, HashMap<JobId, i64>), Disconnect> {
    if let Identity::Rejected(close) = identity {
        return Err(close.into());
    }
    let message =
        timeout(gateway.config.sockets.timings.hello, receiver.receive()).await.map_err(|_| Close::NoHello)?;
    let ClientMessage::Hello(Hello { token, known }) = message? else {
        return Err(Close::Malformed.into());
    };
    let principal = match (identity, token) {
        (Identity::Known(principal), _) => principal,
        (_, Some(token)) => require_reader(gateway, &token).await?,
        (_, None) => return Err(Close::Unauthenticated.into()),
    };
    Ok((principal, known))
}

/// Returns who may read with a token or key, or why the socket closes.
async fn require_reader(gateway: &Gateway, token: &str) -> Result<Principal, Close> {
    match identify_reader(gateway, token).await {
        Ok(Some(principal)) => Ok(principal),
        Ok(None) => Err(Close::Unauthenticated),
        Err(ApiError::InsufficientScope) => Err(Close::Forbidden),
        Err(_) => Err(Close::Overloaded),
    }
}

/// An authenticated socket.
struct Connection<'a> {
    gateway: &'a Gateway,
    subscription: Subscription,
    user: UserId,
    id: Uuid,
    /// When access expires, epoch ms; the maximum if it does not.
    expires_at: AtomicI64,
    /// Whether the client has sent anything since the last heartbeat.
    answered: AtomicBool,
}

impl Connection<'_> {
    fn outbox(&self) -> &Outbox {
        self.subscription.outbox()
    }

    async fn serve(
        &self,
        sender: &mut Sender,
        receiver: &mut Receiver,
        known: Vec<JobId>,
    ) -> Result<Infallible, Disconnect> {
        tokio::select! {
            ended = self.listen(receiver) => ended,
            ended = self.write(sender, known) => ended,
            close = self.expired() => Err(close.into()),
            () = self.gateway.shutdown.started.cancelled() => Err(Close::Restart.into()),
        }
    }

    /// Handles messages. Every one counts as an answer to the heartbeat; a second `hello` is ignored.
    async fn listen(&self, receiver: &mut Receiver) -> Result<Infallible, Disconnect> {
        loop {
            let message = receiver.receive().await?;
            self.answered.store(true, Ordering::Relaxed);
            match message {
                ClientMessage::Watch { job } => {
                    Box::pin(watch::watch(self.gateway, &self.subscription, self.user, &job)).await;
                }
                ClientMessage::Unwatch { job } => watch::unwatch(&self.subscription, &job),
                ClientMessage::Refresh { token } => Box::pin(self.refresh(&token)).await?,
                ClientMessage::Hello(_) | ClientMessage::Heartbeat | ClientMessage::Unknown => {}
            }
        }
    }

    /// Continues under a newer session of the same user.
    async fn refresh(&self, token: &str) -> Result<(), Disconnect> {
        let principal = match require_reader(self.gateway, token).await {
            Ok(principal) => principal,
            Err(Close::Overloaded) => {
                self.outbox().answer(&Frame::Error { code: "unavailable", retry: true, job: None });
                return Ok(());
            }
            Err(close) => return Err(close.into()),
        };
        if principal.user != self.user {
            return Err(Close::Forbidden.into());
        }
        self.outbox().set_grant(principal.grant);
        self.expires_at.store(principal.expires_at.unwrap_or(i64::MAX), Ordering::Relaxed);
        self.outbox().answer(&self.welcome());
        Ok(())
    }

    async fn write(&self, sender: &mut Sender, known: Vec<JobId>) -> Result<Infallible, Disconnect> {
        sender.send([self.welcome().text()]).await?;
        sender.send(Box::pin(self.snapshot(known)).await?).await?;
        let every = self.gateway.config.sockets.timings.heartbeat;
        let mut heartbeat = interval_at(self.gateway.live.next_heartbeat(every), every);
        let mut missed = 0;
        loop {
            tokio::select! {
                next = self.outbox().next() => match next {
                    Next::Frames(frames) => sender.send(frames).await?,
                    Next::Close(close) => return Err(close.into()),
                },
                _ = heartbeat.tick() => {
                    missed = if self.answered.swap(false, Ordering::Relaxed) { 0 } else { missed + 1 };
                    if missed >= self.gateway.config.sockets.timings.max_missed {
                        return Err(Close::HeartbeatMissed.into());
                    }
                    sender.send([Frame::Heartbeat.text()]).await?;
                }
            }
        }
    }

    fn welcome(&self) -> Frame<'static> {
        let heartbeat = self.gateway.config.sockets.timings.heartbeat.as_secs();
        let expires_at = Some(self.expires_at.load(Ordering::Relaxed)).filter(|at| *at < i64::MAX).map(rfc3339);
        Frame::Welcome { v: 1, connection: self.id, heartbeat, expires_at }
    }

    async fn snapshot(&self, known: Vec<JobId>) -> Result<Vec<Utf8Bytes>, Disconnect> {
        let frames = snapshot::frames(self.gateway, self.user, self.outbox(), &known).await;
        frames.map_err(|error| {
            tracing::warn!(%error, connection = %self.id, "could not read the snapshot for a websocket");
            Disconnect::Close(Close::Overloaded)
        })
    }

    /// Returns once access has expired; `refresh` may extend it meanwhile.
    async fn expired(&self) -> Close {
        loop {
            let expires_at = self.expires_at.load(Ordering::Relaxed);
            until_expired(Some(expires_at)).await;
            if expires_at == self.expires_at.load(Ordering::Relaxed) {
                return Close::Unauthenticated;
            }
        }
    }
}
