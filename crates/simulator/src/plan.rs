//! How one request will go: the simulator's flags and the prompt's tags, folded into one decision before the answer begins.

use std::time::Duration;

use crate::behaviour::{Behaviour, Behaviours, Failure};
use crate::config::Config;
use crate::flavour::Flavour;
use crate::percent::Percent;
use crate::wire::Framing;

/// The decision about one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Time between two steps.
    pub(crate) pace: Duration,
    /// Progress lines in a whole generation.
    pub(crate) steps: u16,
    /// Whether progress is kept to itself.
    pub(crate) silent: bool,
    /// Whose `videos` dialect answers.
    pub(crate) flavour: Flavour,
    /// What becomes of the generation.
    pub(crate) ending: Ending,
    /// Whether `[DONE]` closes the stream.
    pub(crate) done: bool,
    /// The bytes around the frames.
    pub(crate) framing: Framing,
}

/// What becomes of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A video.
    Succeed,
    /// A refusal at this point.
    Refuse(Percent),
    /// A torn connection at this point.
    Cut(Percent),
    /// A video, and a torn connection right after its address.
    CutAfterResult,
    /// An HTTP error in place of a stream.
    Fail(Failure),
}

impl Plan {
    /// The plan for the `nth` request of a prompt whose tags ask for `tagged`. Tags prevail over flags.
    pub(crate) fn new(config: &Config, tagged: &Behaviours, nth: u64) -> Self {
        let mut plan = Self::happy(Duration::from_millis(config.pace), config.steps, config.flavour);
        config.behaviour.on_request(nth).chain(tagged.on_request(nth)).for_each(|behaviour| plan.apply(behaviour));
        plan
    }

    fn happy(pace: Duration, steps: u16, flavour: Flavour) -> Self {
        Self { pace, steps, flavour, silent: false, ending: Ending::Succeed, done: true, framing: Framing::default() }
    }

    fn apply(&mut self, behaviour: Behaviour) {
        match behaviour {
            Behaviour::Happy => *self = Self::happy(self.pace, self.steps, self.flavour),
            Behaviour::Pace(pace) => self.pace = pace,
            Behaviour::Steps(steps) => self.steps = steps,
            Behaviour::Silent => self.silent = true,
            Behaviour::Refuse(at) => self.ending = Ending::Refuse(at),
            Behaviour::Fail(failure) => self.ending = Ending::Fail(failure),
            Behaviour::Cut(at) => self.ending = Ending::Cut(at),
            Behaviour::CutAfterResult => self.ending = Ending::CutAfterResult,
            Behaviour::NoDone => self.done = false,
            Behaviour::Pings => self.framing.pings = true,
            Behaviour::Crlf => self.framing.crlf = true,
            Behaviour::SplitUtf8 => self.framing.split_utf8 = true,
        }
    }
}
