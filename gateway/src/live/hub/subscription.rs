//! A socket's registration in the hub.

use std::sync::Arc;

use entity::{JobId, UserId};

use crate::live::hub::Hub;
use crate::live::outbox::Outbox;

/// A socket's registration in the hub, removed on drop.
pub(crate) struct Subscription {
    hub: Hub,
    user: UserId,
    outbox: Arc<Outbox>,
}

impl Subscription {
    pub(super) fn new(hub: Hub, user: UserId, outbox: Arc<Outbox>) -> Self {
        Self { hub, user, outbox }
    }

    /// Frames to send.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Follows another user's job. Returns `false` if the socket already follows `max`.
    pub(crate) fn watch(&self, job: JobId, max: usize) -> bool {
        let allowed = self.outbox.watch(job, max);
        if allowed {
            self.hub.add_watcher(job, &self.outbox);
        }
        allowed
    }

    /// Stops following another user's job.
    pub(crate) fn unwatch(&self, job: JobId) {
        if self.outbox.unwatch(job) {
            self.hub.remove_watcher(job, &self.outbox);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.remove(self.user, &self.outbox);
    }
}
