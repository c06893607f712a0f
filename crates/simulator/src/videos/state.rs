//! What a generation has come to: a pure function of its script and of the time that has passed.

use crate::script::Step;

/// Where a generation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
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
    Failed(Failing),
}

/// Why a generation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    /// The content policy forbids it.
    Policy,
}

impl State {
    /// The state after this many timed steps.
    pub(super) fn after(script: &[Step], ticks: usize) -> Self {
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
            Step::Progress(at) => (self.phase, self.progress) = (Phase::Running, at.0 / 10),
            Step::Silence => self.phase = Phase::Running,
            Step::Succeeded => (self.phase, self.progress) = (Phase::Completed, 100),
            Step::Refused => self.phase = Phase::Failed(Failing::Policy),
            Step::Opened | Step::Finished | Step::Done | Step::Cut => {}
        }
    }

    /// Whether it is over.
    pub(super) fn is_over(self) -> bool {
        !matches!(self.phase, Phase::Queued | Phase::Running)
    }
}
