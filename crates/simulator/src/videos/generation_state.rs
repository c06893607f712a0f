//! What a generation has come to: a pure function of its script and of the time that has passed.

use crate::chat::sse::Hangup;
use crate::http::injected_error::Failure;
use crate::script::Step;

/// Where a generation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) phase: Phase,
    /// 0 to 100.
    pub(super) progress: u16,
    /// Timed steps until now or, once it is over, until its end.
    pub(super) ticks: u32,
}

/// The stages of a generation, as a poll can find them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Running,
    Completed,
    /// Completed, it says.
    CompletedWithoutContent,
    Failed(Failing),
    Expired,
    /// Every answer is an error object.
    Errored(&'static Failure),
    /// Nobody knows of it any more.
    Lost,
    /// Every answer is torn.
    Torn(Hangup),
}

/// Why a generation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    /// The content policy forbids it.
    Policy,
    /// The server could not do it.
    Internal,
}

impl Standing {
    /// The standing after this many timed steps.
    pub(super) fn after(script: &[Step], ticks: usize) -> Self {
        let mut standing = Self { phase: Phase::Queued, progress: 0, ticks: 0 };
        for step in script {
            if step.takes_time() {
                if standing.ticks as usize >= ticks {
                    break;
                }
                standing.ticks += 1;
            }
            standing.apply(*step);
        }
        standing
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Queued => self.phase = Phase::Queued,
            Step::Progress(at) | Step::Estimate(at) => (self.phase, self.progress) = (Phase::Running, at.whole()),
            Step::Silence => self.phase = Phase::Running,
            Step::Retried => (self.phase, self.progress) = (Phase::Queued, 0),
            Step::Succeeded => (self.phase, self.progress) = (Phase::Completed, 100),
            Step::CompletedWithoutUrl => (self.phase, self.progress) = (Phase::CompletedWithoutContent, 100),
            Step::Refused => self.phase = Phase::Failed(Failing::Policy),
            Step::Failed => self.phase = Phase::Failed(Failing::Internal),
            Step::FailedAtHundred => (self.phase, self.progress) = (Phase::Failed(Failing::Internal), 100),
            Step::Expired => self.phase = Phase::Expired,
            Step::Errored(failure) => self.phase = Phase::Errored(failure),
            Step::Lost => self.phase = Phase::Lost,
            Step::Cut(hangup) => self.phase = Phase::Torn(hangup),
            Step::Opened
            | Step::RawEcho
            | Step::Usage
            | Step::HugeLine
            | Step::Started
            | Step::Finished
            | Step::Done
            | Step::DoneLiteral => {}
        }
    }

    /// Whether it is over.
    pub(super) fn is_over(self) -> bool {
        !matches!(self.phase, Phase::Queued | Phase::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::plan::Plan;
    use crate::script::script;

    fn standings(behaviour: &str) -> Vec<(Phase, u16)> {
        let plan = Plan::new(&Config { steps: 2, ..Config::default() }, &behaviour.parse().unwrap(), 1);
        let script = script(&plan, plan.ending.in_videos());
        let standings = (0..8).map(|ticks| Standing::after(&script, ticks));
        standings.map(|standing| (standing.phase, standing.progress)).collect()
    }

    #[test]
    fn time_alone_moves_a_generation() {
        use Phase::*;
        let expected = [(Queued, 0), (Queued, 0), (Queued, 0), (Running, 49), (Running, 98), (Completed, 100)];
        assert_eq!(standings("happy")[..6], expected);
        assert_eq!(standings("happy")[6..], [(Completed, 100); 2]);
        assert_eq!(standings("silent")[3..5], [(Running, 0); 2]);
    }

    #[test]
    fn it_may_start_anew_and_fail_at_last() {
        use Phase::*;
        let failed = (Failed(Failing::Internal), 100);
        assert_eq!(standings("internal-retry")[4..7], [(Running, 98), (Queued, 0), (Running, 49)]);
        assert_eq!(standings("failed-at-100")[5], failed);
        assert_eq!(standings("lost@60%")[3..5], [(Running, 49), (Lost, 60)]);
        assert_eq!(standings("garbage-stream=1")[5], (Completed, 100));
    }
}
