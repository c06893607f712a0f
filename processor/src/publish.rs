//! Publishes the committed state of jobs to browsers.
//!
//! Every event holds a job's whole state, so a lost one is made good by the next.

use bus::Event;
use entity::job;

use crate::context::Context;

impl Context {
    /// Publishes a job's committed state.
    pub(crate) async fn publish(&self, job: &job::Model) {
        self.publish_with_position(job, None).await;
    }

    /// Publishes a job's committed state with its position in the backlog.
    pub(crate) async fn publish_with_position(&self, job: &job::Model, position: Option<u64>) {
        let eta = self.estimates.of(&self.db, job).await;
        if let Err(error) = self.bus.publish(&event(job, position, eta)).await {
            tracing::debug!(job.id = %job.id, %error, "could not publish an event; a later one carries the same state");
        }
    }
}

/// The event of a job's committed state, with its position in the backlog and its estimated time if known.
pub(crate) fn event(job: &job::Model, position: Option<u64>, eta: Option<job::Eta>) -> Event {
    Event::job(job.user_id, &job::View::new(job.clone(), position, eta))
}
