//! Who is connected, and what each socket has yet to be sent. Pure: no I/O, no clock.
//!
//! An outbox holds at most one frame a job, the one with the highest `seq`, and never gives out one that is not higher
//! than what it gave out before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use entity::{JobId, SessionId, UserId};
use tokio::sync::Notify;

use crate::live::frame::Close;

/// Most sockets of one user.
pub(crate) const SOCKETS_PER_USER: usize = 8;

/// What a socket has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Read the state from the database and send it.
    Snapshot,
    /// Send these.
    Frames(Vec<Utf8Bytes>),
    /// Say goodbye.
    End(Close),
}

#[derive(Default)]
struct Pending {
    frames: HashMap<JobId, (i64, Utf8Bytes)>,
    sent: HashMap<JobId, i64>,
    snapshot: bool,
    end: Option<Close>,
}

/// What one socket has yet to be sent.
pub(crate) struct Outbox {
    session: SessionId,
    pending: Mutex<Pending>,
    changed: Notify,
}

impl Outbox {
    /// For a socket of `session`, which first of all needs a snapshot.
    fn new(session: SessionId) -> Self {
        let pending = Pending { snapshot: true, ..Pending::default() };
        Self { session, pending: Mutex::new(pending), changed: Notify::new() }
    }

    /// Puts a frame in, unless as new a one is there or was sent.
    pub(crate) fn offer(&self, job: JobId, seq: i64, frame: Utf8Bytes) {
        let mut pending = self.lock();
        let newest = pending.frames.get(&job).map(|(seq, _)| *seq).max(pending.sent.get(&job).copied());
        if newest.is_none_or(|newest| newest < seq) {
            pending.frames.insert(job, (seq, frame));
            self.changed.notify_one();
        }
    }

    /// Notes that the client has this state, from a snapshot or by its own word. True: it is news.
    pub(crate) fn note_sent(&self, job: JobId, seq: i64) -> bool {
        let mut pending = self.lock();
        if pending.frames.get(&job).is_some_and(|(pending, _)| *pending <= seq) {
            pending.frames.remove(&job);
        }
        let sent = pending.sent.entry(job).or_insert(i64::MIN);
        let news = *sent < seq;
        *sent = (*sent).max(seq);
        news
    }

    /// Asks for a snapshot.
    pub(crate) fn refresh(&self) {
        self.lock().snapshot = true;
        self.changed.notify_one();
    }

    /// Sends the socket away; the first reason counts.
    pub(crate) fn end(&self, close: Close) {
        self.lock().end.get_or_insert(close);
        self.changed.notify_one();
    }

    /// Waits for something to do. Frames that it gives out count as sent.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.changed.notified().await;
        }
    }

    fn take(&self) -> Option<Next> {
        let mut pending = self.lock();
        if let Some(close) = pending.end {
            return Some(Next::End(close));
        }
        if std::mem::take(&mut pending.snapshot) {
            return Some(Next::Snapshot);
        }
        if pending.frames.is_empty() {
            return None;
        }
        let frames = std::mem::take(&mut pending.frames);
        pending.sent.extend(frames.iter().map(|(job, (seq, _))| (*job, *seq)));
        Some(Next::Frames(frames.into_values().map(|(_, frame)| frame).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody who is connected.
#[derive(Clone, Default)]
pub(crate) struct Hub {
    users: Arc<Mutex<HashMap<UserId, Vec<Arc<Outbox>>>>>,
}

/// A socket's place in the hub, given up when dropped.
pub(crate) struct Seat {
    hub: Hub,
    user: UserId,
    outbox: Arc<Outbox>,
}

impl Hub {
    /// Takes a place for a socket; `None` when the user has as many as are allowed.
    pub(crate) fn join(&self, user: UserId, session: SessionId) -> Option<Seat> {
        let mut users = self.lock();
        let sockets = users.entry(user).or_default();
        if sockets.len() >= SOCKETS_PER_USER {
            return None;
        }
        let outbox = Arc::new(Outbox::new(session));
        sockets.push(outbox.clone());
        Some(Seat { hub: self.clone(), user, outbox })
    }

    /// Hands a job's frame to all sockets of its owner; they share its bytes.
    pub(crate) fn deliver(&self, user: UserId, job: JobId, seq: i64, frame: String) {
        if let Some(sockets) = self.lock().get(&user) {
            let frame = Utf8Bytes::from(frame);
            sockets.iter().for_each(|outbox| outbox.offer(job, seq, frame.clone()));
        }
    }

    /// Asks for a fresh snapshot everywhere.
    pub(crate) fn refresh_all(&self) {
        self.lock().values().flatten().for_each(|outbox| outbox.refresh());
    }

    /// Sends away the sockets of a session that was ended.
    pub(crate) fn end_session(&self, session: SessionId) {
        let users = self.lock();
        let ended = users.values().flatten().filter(|outbox| outbox.session == session);
        ended.for_each(|outbox| outbox.end(Close::Unauthenticated));
    }

    /// How many sockets there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<Outbox>>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// What the socket has yet to be sent.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut users = self.hub.lock();
        if let Some(sockets) = users.get_mut(&self.user) {
            sockets.retain(|outbox| !Arc::ptr_eq(outbox, &self.outbox));
            if sockets.is_empty() {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::fresh;

    fn frames(outbox: &Outbox) -> Vec<String> {
        match outbox.take() {
            Some(Next::Frames(frames)) => frames.into_iter().map(|frame| frame.as_str().to_owned()).collect(),
            None => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn joined(hub: &Hub, user: UserId) -> Seat {
        let seat = hub.join(user, fresh()).unwrap();
        assert_eq!(seat.outbox().take(), Some(Next::Snapshot));
        seat
    }

    #[test]
    fn keeps_the_newest_frame_of_each_job_only() {
        let (hub, user, job) = (Hub::default(), fresh(), fresh());
        let seat = joined(&hub, user);
        for seq in [1, 3, 2] {
            hub.deliver(user, job, seq, format!("frame {seq}"));
        }
        assert_eq!(frames(seat.outbox()), ["frame 3"]);
        hub.deliver(user, job, 3, "again".into());
        hub.deliver(user, job, 2, "late".into());
        assert_eq!(frames(seat.outbox()), [""; 0]);
    }

    #[test]
    fn sends_what_came_during_the_snapshot_only_if_it_is_newer() {
        let (hub, user) = (Hub::default(), fresh());
        let (seat, old, new) = (joined(&hub, user), fresh(), fresh());
        hub.deliver(user, old, 4, "older than the snapshot".into());
        hub.deliver(user, new, 6, "newer".into());
        assert!(seat.outbox().note_sent(old, 5));
        assert!(seat.outbox().note_sent(new, 5));
        assert_eq!(frames(seat.outbox()), ["newer"]);
        assert!(!seat.outbox().note_sent(new, 6));
    }

    #[test]
    fn reaches_every_socket_of_the_owner_and_nobody_else() {
        let (hub, user, other) = (Hub::default(), fresh(), fresh());
        let (a, b, c) = (joined(&hub, user), joined(&hub, user), joined(&hub, other));
        hub.deliver(user, fresh(), 1, "frame".into());
        assert_eq!((frames(a.outbox()).len(), frames(b.outbox()).len(), frames(c.outbox()).len()), (1, 1, 0));
    }

    #[test]
    fn bounds_the_sockets_of_a_user_and_gives_places_back() {
        let (hub, user) = (Hub::default(), fresh());
        let mut seats: Vec<_> = (0..SOCKETS_PER_USER).map(|_| hub.join(user, fresh()).unwrap()).collect();
        assert!(hub.join(user, fresh()).is_none());
        seats.pop();
        assert!(hub.join(user, fresh()).is_some());
        drop(seats);
        assert_eq!(hub.len(), 0);
    }

    #[test]
    fn ends_the_sockets_of_one_session_before_anything_else_is_sent() {
        let (hub, user, session) = (Hub::default(), fresh(), fresh());
        let (ended, stays) = (hub.join(user, session).unwrap(), joined(&hub, user));
        hub.deliver(user, fresh(), 1, "frame".into());
        hub.end_session(session);
        ended.outbox().end(Close::TooMany);
        assert_eq!(ended.outbox().take(), Some(Next::End(Close::Unauthenticated)));
        assert_eq!(frames(stays.outbox()), ["frame"]);
    }

    #[tokio::test]
    async fn wakes_whoever_waits() {
        let (hub, user) = (Hub::default(), fresh());
        let seat = joined(&hub, user);
        let (next, ()) = tokio::join!(seat.outbox().next(), async { hub.refresh_all() });
        assert_eq!(next, Next::Snapshot);
    }
}
