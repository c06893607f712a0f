//! The connected sockets, and which of them receive a job's frames. Pure: no I/O, no clock.

mod subscription;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use bus::Event;
use entity::user::Role;
use entity::{JobId, UserId};

pub(crate) use subscription::Subscription;

use crate::auth::{Grant, Principal};
use crate::live::frame::Close;
use crate::live::job_version::{JobVersion, Stage};
use crate::live::outbox::{Outbox, Selection};

#[derive(Default)]
struct Connected {
    users: HashMap<UserId, Vec<Arc<Outbox>>>,
    watchers: HashMap<JobId, Vec<Arc<Outbox>>>,
}

/// All connected sockets.
#[derive(Clone, Default)]
pub(crate) struct Hub {
    connected: Arc<Mutex<Connected>>,
}

impl Hub {
    /// Registers a socket for the selected jobs of a user. Returns `None` if the user already has `max`.
    pub(crate) fn subscribe_to(&self, jobs: Selection, principal: Principal, max: usize) -> Option<Subscription> {
        let Principal { user, grant, .. } = principal;
        let mut connected = self.lock();
        let sockets = connected.users.entry(user).or_default();
        if sockets.len() >= max {
            return None;
        }
        let outbox = Arc::new(Outbox::new(grant, jobs));
        sockets.push(outbox.clone());
        Some(Subscription::new(self.clone(), user, outbox))
    }

    /// Passes a job's frame to all sockets of its owner and its watchers. They share the bytes.
    pub(crate) fn deliver(&self, event: Event) {
        let job = event.job;
        let sockets = self.recipients(event.user, job);
        if sockets.is_empty() {
            return;
        }
        let version = JobVersion::of_event(&event);
        let frame = Utf8Bytes::from(event.frame);
        for outbox in sockets {
            outbox.offer(job, version, frame.clone());
        }
    }

    /// Closes the sockets of a session that has ended or a key that was revoked.
    pub(crate) fn close(&self, grant: Grant) {
        for outbox in self.all().into_iter().filter(|outbox| outbox.grant() == grant) {
            outbox.close(Close::Unauthenticated);
        }
    }

    /// Closes sockets whose session or key was `checked` and is not `active`, and sockets that watch other users' jobs
    /// without being an administrator's.
    pub(crate) fn close_revoked(&self, checked: &[Grant], active: &HashMap<Grant, Role>) {
        let checked: HashSet<&Grant> = checked.iter().collect();
        for outbox in self.all() {
            match active.get(&outbox.grant()) {
                Some(Role::User) if !outbox.watched().is_empty() => outbox.close(Close::Forbidden),
                None if checked.contains(&outbox.grant()) => outbox.close(Close::Unauthenticated),
                _ => {}
            }
        }
    }

    /// Returns the sessions and keys that have sockets.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        let grants: HashSet<Grant> = self.all().iter().map(|outbox| outbox.grant()).collect();
        grants.into_iter().collect()
    }

    /// Returns the connected users, those with unfinished jobs first.
    pub(crate) fn users(&self) -> Vec<UserId> {
        let (mut active, idle) = self.by_activity();
        active.extend(idle);
        active
    }

    /// Returns the connected users to whom an unfinished job was sent.
    pub(crate) fn active_users(&self) -> Vec<UserId> {
        self.by_activity().0
    }

    /// Returns a user's sockets.
    pub(crate) fn sockets(&self, user: UserId) -> Vec<Arc<Outbox>> {
        self.lock().users.get(&user).cloned().unwrap_or_default()
    }

    /// Returns the waiting jobs that were sent, each with the sockets to which it was sent.
    pub(crate) fn waiting(&self) -> HashMap<JobId, Vec<Arc<Outbox>>> {
        let mut waiting: HashMap<JobId, Vec<Arc<Outbox>>> = HashMap::new();
        for outbox in self.all() {
            for job in outbox.sent_jobs(|stage| stage == Stage::Waiting) {
                waiting.entry(job).or_default().push(outbox.clone());
            }
        }
        waiting
    }

    /// Drops the oldest finished jobs from all sockets.
    pub(crate) fn trim(&self) {
        self.all().iter().for_each(|outbox| outbox.trim());
    }

    fn by_activity(&self) -> (Vec<UserId>, Vec<UserId>) {
        let connected = self.lock();
        let active = |sockets: &[Arc<Outbox>]| {
            sockets.iter().any(|outbox| outbox.has_sent_job(|stage| stage != Stage::Finished))
        };
        let (active, idle): (Vec<_>, Vec<_>) = connected.users.iter().partition(|(_, sockets)| active(sockets));
        let ids = |users: Vec<(&UserId, _)>| users.into_iter().map(|(user, _)| *user).collect();
        (ids(active), ids(idle))
    }

    fn recipients(&self, user: UserId, job: JobId) -> Vec<Arc<Outbox>> {
        let connected = self.lock();
        let owners = connected.users.get(&user).into_iter().flatten();
        owners.chain(connected.watchers.get(&job).into_iter().flatten()).cloned().collect()
    }

    fn all(&self) -> Vec<Arc<Outbox>> {
        self.lock().users.values().flatten().cloned().collect()
    }

    /// Sends the frames of a job to a socket of another user.
    fn add_watcher(&self, job: JobId, outbox: &Arc<Outbox>) {
        let mut connected = self.lock();
        let watchers = connected.watchers.entry(job).or_default();
        if !watchers.iter().any(|other| Arc::ptr_eq(other, outbox)) {
            watchers.push(outbox.clone());
        }
    }

    fn remove_watcher(&self, job: JobId, outbox: &Arc<Outbox>) {
        remove_from(&mut self.lock().watchers, &job, outbox);
    }

    fn remove(&self, user: UserId, outbox: &Arc<Outbox>) {
        let mut connected = self.lock();
        remove_from(&mut connected.users, &user, outbox);
        for job in outbox.watched() {
            remove_from(&mut connected.watchers, &job, outbox);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connected> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_from<Key: std::hash::Hash + Eq>(
    groups: &mut HashMap<Key, Vec<Arc<Outbox>>>,
    key: &Key,
    outbox: &Arc<Outbox>,
) {
    if let Some(sockets) = groups.get_mut(key) {
        sockets.retain(|other| !Arc::ptr_eq(other, outbox));
        if sockets.is_empty() {
            groups.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::outbox::Next;
    use entity::SessionId;
    use entity::id::{kind, new_id};
    use entity::job::Status;

    fn event(user: UserId, job: JobId, seq: i64) -> Event {
        Event { user, job, seq, status: Some(Status::Processing), position: None, frame: "{}".into() }
    }

    fn subscribe(hub: &Hub, user: UserId, session: SessionId) -> Option<Subscription> {
        let principal = Principal { user, grant: session.into(), expires_at: None };
        hub.subscribe_to(Selection::All, principal, 8)
    }

    fn frames(subscription: &Subscription) -> usize {
        match subscription.outbox().take() {
            Some(Next::Frames(frames)) => frames.len(),
            None => 0,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn delivers_to_all_sockets_of_the_owner_only() {
        let (hub, user, other) = (Hub::default(), new_id(), new_id());
        let subscription = |user| subscribe(&hub, user, new_id()).unwrap();
        let (a, b, c) = (subscription(user), subscription(user), subscription(other));
        hub.deliver(event(user, new_id(), 1));
        assert_eq!((frames(&a), frames(&b), frames(&c)), (1, 1, 0));
    }

    #[test]
    fn delivers_to_watchers_until_they_unwatch() {
        let (hub, user, job) = (Hub::default(), new_id(), new_id());
        let watcher = subscribe(&hub, new_id(), new_id()).unwrap();
        assert!(watcher.watch(job, 1) && watcher.watch(job, 1) && !watcher.watch(new_id(), 1));
        hub.deliver(event(user, job, 1));
        assert_eq!(frames(&watcher), 1);
        watcher.unwatch(job);
        hub.deliver(event(user, job, 2));
        assert_eq!(frames(&watcher), 0);
        watcher.watch(job, 1);
        drop(watcher);
        assert!(hub.lock().watchers.is_empty() && hub.lock().users.is_empty());
    }

    #[test]
    fn limits_the_sockets_of_a_user() {
        let (hub, user) = (Hub::default(), new_id());
        let mut subscriptions: Vec<_> = (0..8).map(|_| subscribe(&hub, user, new_id()).unwrap()).collect();
        assert!(subscribe(&hub, user, new_id()).is_none());
        subscriptions.pop();
        assert!(subscribe(&hub, user, new_id()).is_some());
        drop(subscriptions);
        assert!(hub.all().is_empty());
    }

    #[test]
    fn closes_only_sockets_of_ended_sessions() {
        let (hub, session, over) = (Hub::default(), new_id(), new_id::<kind::Session>());
        let grant = Grant::Session(session);
        let (stays, goes, newer) = (
            subscribe(&hub, new_id(), session).unwrap(),
            subscribe(&hub, new_id(), over).unwrap(),
            subscribe(&hub, new_id(), new_id()).unwrap(),
        );
        hub.close_revoked(&[grant, over.into()], &HashMap::from([(grant, Role::User)]));
        assert_eq!(goes.outbox().take(), Some(Next::Close(Close::Unauthenticated)));
        assert_eq!((frames(&stays), frames(&newer)), (0, 0));
        hub.close(grant);
        assert_eq!(stays.outbox().take(), Some(Next::Close(Close::Unauthenticated)));
    }

    #[test]
    fn demoted_admin_loses_watches() {
        let (hub, session) = (Hub::default(), new_id());
        let grant = Grant::Session(session);
        let subscription = subscribe(&hub, new_id(), session).unwrap();
        subscription.watch(new_id(), 8);
        hub.close_revoked(&[grant], &HashMap::from([(grant, Role::Admin)]));
        assert_eq!(frames(&subscription), 0);
        hub.close_revoked(&[grant], &HashMap::from([(grant, Role::User)]));
        assert_eq!(subscription.outbox().take(), Some(Next::Close(Close::Forbidden)));
    }

    #[test]
    fn lists_active_users_first() {
        let (hub, idle, active) = (Hub::default(), new_id(), new_id());
        let _subscriptions: Vec<_> = (0..5).map(|_| subscribe(&hub, new_id(), new_id())).collect();
        let (_idle, subscription) = (subscribe(&hub, idle, new_id()), subscribe(&hub, active, new_id()).unwrap());
        subscription.outbox().mark_sent(new_id(), JobVersion::known_to_client(1));
        assert_eq!((hub.users()[0], hub.users().len(), hub.active_users()), (active, 7, vec![active]));
    }
}
