//! The state of a generation: a pure function of its script and the elapsed time.

use crate::http::connection::Disconnect;
use crate::http::injected_error::InjectedError;
use crate::script::Step;

/// The state of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GenerationState {
    pub(crate) phase: Phase,
    /// Percentage, 0 to 100.
    pub(crate) progress: u16,
    /// Number of timed steps so far; it stays constant after the end.
    pub(crate) ticks: u32,
}

/// The phases of a generation, as a poll observes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued,
    Running,
    Completed,
    /// Reported as completed, without content.
    CompletedWithoutContent,
    Failed(FailureCause),
    Expired,
    /// Every poll is answered with an error object.
    Errored(&'static InjectedError),
    /// The id is unknown.
    IdForgotten,
    /// Every poll breaks the connection.
    Disconnected(Disconnect),
}

/// Why a generation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureCause {
    /// Refused by the content policy.
    Policy,
    /// An error of the server.
    Internal,
}

impl GenerationState {
    /// The state after this many timed steps.
    pub(crate) fn after(script: &[Step], ticks: usize) -> Self {
        let mut state = Self { phase: Phase::Queued, progress: 0, ticks: 0 };
        for step in script {
            if step.takes_time() {
                if state.ticks as usize >= ticks {
                    break;
                }
                state.ticks += 1;
            }
            state.apply(*step);
        }
        state
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Queued => self.phase = Phase::Queued,
            Step::Progress(at) | Step::Estimate(at) => (self.phase, self.progress) = (Phase::Running, at.whole()),
            Step::Silence => self.phase = Phase::Running,
            Step::Restarted => (self.phase, self.progress) = (Phase::Queued, 0),
            Step::Succeeded => (self.phase, self.progress) = (Phase::Completed, 100),
            Step::CompletedWithoutResult => (self.phase, self.progress) = (Phase::CompletedWithoutContent, 100),
            Step::Refused => self.phase = Phase::Failed(FailureCause::Policy),
            Step::Failed => self.phase = Phase::Failed(FailureCause::Internal),
            Step::FailedAtHundred => (self.phase, self.progress) = (Phase::Failed(FailureCause::Internal), 100),
            Step::Expired => self.phase = Phase::Expired,
            Step::Errored(error) => self.phase = Phase::Errored(error),
            Step::IdForgotten => self.phase = Phase::IdForgotten,
            Step::Disconnected(how) => self.phase = Phase::Disconnected(how),
            Step::Opened
            | Step::Notice
            | Step::RawEcho
            | Step::Usage
            | Step::HugeLine
            | Step::Started
            | Step::TaskPage
            | Step::Unreadable
            | Step::Finished
            | Step::Done
            | Step::DoneLiteral => {}
        }
    }

    /// Whether the generation has ended.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self.phase, Phase::Queued | Phase::Running)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::behaviour::Behaviours;
    use crate::plan::Plan;
    use crate::script::script;

    /// Phase and progress after each of the first eight steps.
    fn states(behaviour: &str) -> Vec<(Phase, u16)> {
        let mut plan = Plan::new(Duration::ZERO, 2);
        behaviour.parse::<Behaviours>().unwrap().apply(1, &mut plan);
        let script = script(&plan, plan.ending.in_videos());
        let states = (0..8).map(|ticks| GenerationState::after(&script, ticks));
        states.map(|state| (state.phase, state.progress)).collect()
    }

    #[test]
    fn a_generation_advances_with_time_alone() {
        use Phase::*;
        let expected = [(Queued, 0), (Queued, 0), (Queued, 0), (Running, 49), (Running, 98), (Completed, 100)];
        assert_eq!(states("happy")[..6], expected);
        assert_eq!(states("happy")[6..], [(Completed, 100); 2]);
        assert_eq!(states("silent")[3..5], [(Running, 0); 2]);
    }

    #[test]
    fn a_generation_can_restart_and_fail() {
        use Phase::*;
        let failed = (Failed(FailureCause::Internal), 100);
        assert_eq!(states("internal-retry")[4..7], [(Running, 98), (Queued, 0), (Running, 49)]);
        assert_eq!(states("failed-at-100")[5], failed);
        assert_eq!(states("lost@60%")[3..5], [(Running, 49), (IdForgotten, 60)]);
        assert_eq!(states("garbage-stream=1")[5], (Completed, 100));
    }
}
