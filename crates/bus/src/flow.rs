//! Flows: the unit of fairness in the backlog.

use entity::UserId;

/// The jobs that share one turn. Flows take turns, so a user's thousand jobs do not delay another user's single one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flow(String);

impl Flow {
    /// A user's new jobs.
    #[must_use]
    pub fn new_jobs(user: UserId) -> Self {
        Self(user.to_string())
    }

    /// A user's retries: a separate flow, so that they do not wait behind the user's whole backlog.
    #[must_use]
    pub fn retries(user: UserId) -> Self {
        Self(format!("{user}/r"))
    }

    /// The flow that an entry names.
    pub(crate) fn from_entry(text: String) -> Self {
        Self(text)
    }

    /// The form in which keys and entries hold it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
