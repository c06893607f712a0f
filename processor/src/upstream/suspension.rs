//! Whether submissions to the upstream are suspended because its answers could not be read: what they buy would be lost.
//!
//! The database holds the state for all processors. This one looks it up at most every [`CHECK_INTERVAL`], and at once
//! when it suspends the upstream itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::{DatabaseConnection, DbErr, JobId, upstream_state};
use tokio::time::Instant;

use crate::metrics;

/// Minimum time between two look-ups.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// What this processor knows of the upstream's state.
#[derive(Debug)]
pub(crate) struct Suspension {
    /// The upstream's name in metrics and logs.
    label: String,
    /// Its name, by which the database has its state.
    name: String,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    checked: Option<Instant>,
    state: State,
}

/// How well the upstream's answers could be read of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// All of them.
    #[default]
    Readable,
    /// Some could not be read.
    Unreadable,
    /// Too many could not be read.
    Suspended,
}

impl Suspension {
    /// The state of an upstream, not looked up yet.
    pub(crate) fn new(label: &str, name: &str) -> Self {
        Self { label: label.to_owned(), name: name.to_owned(), known: Mutex::default() }
    }

    /// Whether nothing may be submitted.
    pub(crate) async fn is_suspended(&self, db: &DatabaseConnection) -> Result<bool, DbErr> {
        if self.known().checked.is_none_or(|checked| checked.elapsed() >= CHECK_INTERVAL) {
            self.learn(upstream_state::of_upstream(db, &self.name).await?.as_ref());
        }
        Ok(self.known().state == State::Suspended)
    }

    /// Records that an answer could not be read. `sample` is the beginning of that answer, redacted.
    pub(crate) async fn record_unreadable(
        &self,
        db: &DatabaseConnection,
        job: JobId,
        sample: &str,
    ) -> Result<(), DbErr> {
        let state = upstream_state::record_unreadable(db, &self.name, job, sample).await?;
        metrics::upstream_unreadable(&self.label);
        let jobs = state.unreadable_jobs;
        tracing::error!(
            upstream = self.label,
            jobs,
            "an answer of the upstream could not be read; the administration page shows it"
        );
        if state.suspended_at.is_some() {
            tracing::error!(
                upstream = self.label,
                "submissions are suspended until an administrator resumes the upstream"
            );
        }
        self.learn(Some(&state));
        Ok(())
    }

    /// Records that an answer was read. Costs nothing unless one could not be read before.
    pub(crate) async fn record_readable(&self, db: &DatabaseConnection) {
        if self.known().state != State::Unreadable {
            return;
        }
        match upstream_state::record_readable(db, &self.name).await {
            Ok(()) => self.known().state = State::Readable,
            Err(error) => tracing::debug!(%error, "could not record a readable answer; the next one will"),
        }
    }

    /// `ok`, `unreadable` or `suspended`.
    pub(crate) fn status(&self) -> &'static str {
        match self.known().state {
            State::Readable => "ok",
            State::Unreadable => "unreadable",
            State::Suspended => "suspended",
        }
    }

    fn learn(&self, row: Option<&upstream_state::Model>) {
        let state = match row {
            None => State::Readable,
            Some(row) if row.suspended_at.is_none() => State::Unreadable,
            Some(_) => State::Suspended,
        };
        metrics::upstream_suspended(&self.label, state == State::Suspended);
        *self.known() = Known { checked: Some(Instant::now()), state };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
