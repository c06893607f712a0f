//! A failure that a stream has reported and that nothing has contradicted yet. Pure.

use crate::failure::Failure;
use crate::outcome::Outcome;

/// The clearest failure so far.
#[derive(Debug, Default)]
pub(super) struct PendingFailure(Option<Pending>);

#[derive(Debug)]
struct Pending {
    failure: Failure,
    /// Whether it was only mentioned, in a notice or in prose.
    weak: bool,
}

impl Pending {
    fn is_refusal(&self) -> bool {
        self.failure.outcome == Outcome::Refused
    }
}

impl PendingFailure {
    /// Takes in a failure, unless a clearer one is known: a reported one is clearer than one that is only mentioned
    /// (`weak`), and a refusal than other failures.
    pub(super) fn add(&mut self, failure: Failure, weak: bool) {
        let new = Pending { failure, weak };
        let clarity = |pending: &Pending| (!pending.weak, pending.is_refusal());
        if self.0.as_ref().is_none_or(|known| clarity(&new) > clarity(known)) {
            self.0 = Some(new);
        }
    }

    /// A candidate was found after it: a credible one contradicts any failure, a mere link only a mention.
    pub(super) fn contradicted_by_candidate(&mut self, credible: bool) {
        self.0 = self.0.take().filter(|pending| !credible && !pending.weak);
    }

    /// Something came after it, so it does not show that nothing was started.
    pub(super) fn not_the_first(&mut self) {
        if let Some(pending) = self.0.as_mut().filter(|pending| !pending.is_refusal()) {
            pending.failure.outcome = Outcome::Interrupted;
        }
    }

    /// Whether there is one that was not only mentioned.
    pub(super) fn is_clear(&self) -> bool {
        self.clear_failure().is_some()
    }

    /// The failure, unless it was only mentioned.
    pub(super) fn clear_failure(&self) -> Option<&Failure> {
        self.0.as_ref().filter(|pending| !pending.weak).map(|pending| &pending.failure)
    }

    /// The same if it is a refusal.
    pub(super) fn clear_refusal(&self) -> Option<&Failure> {
        self.clear_failure().filter(|failure| failure.outcome == Outcome::Refused)
    }

    /// The failure, however it was reported.
    pub(super) fn mentioned(&self) -> Option<&Failure> {
        self.0.as_ref().map(|pending| &pending.failure)
    }
}
