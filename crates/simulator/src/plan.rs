//! How one request will go: the simulator's flags and the prompt's tags, folded into one decision before the answer begins.

pub(crate) mod download;

use std::time::Duration;

use self::download::FilePlan;
use crate::behaviour::Behaviours;
use crate::chat::sse::{Framing, Hangup};
use crate::config::Config;
use crate::dialect::{Flavour, Variant};
use crate::http::injected_error::Failure;
use crate::percent::Percent;

/// The decision about one request.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Time between two steps.
    pub(crate) pace: Duration,
    /// Progress lines in a whole generation.
    pub(crate) steps: u16,
    /// Whose `chat` dialect answers.
    pub(crate) variant: Variant,
    /// Whose `videos` dialect answers.
    pub(crate) flavour: Flavour,
    /// What is said on the way.
    pub(crate) telling: Telling,
    /// What becomes of the generation.
    pub(crate) ending: Ending,
    /// What 429 and 503 say about coming back, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// How `[DONE]` closes the stream.
    pub(crate) done: Done,
    /// The bytes around the frames.
    pub(crate) framing: Framing,
    /// How orders and polls are dealt with.
    pub(crate) jobs: JobPlan,
    /// What a download finds.
    pub(crate) file: FilePlan,
}

/// What is said on the way to the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Telling {
    /// Progress is kept to itself.
    pub(crate) silent: bool,
    /// Progress is an estimate.
    pub(crate) estimated: bool,
    /// The way progress takes.
    pub(crate) course: Course,
    /// The prompt is repeated raw.
    pub(crate) raw_echo: bool,
    /// One line is 2 MiB long.
    pub(crate) huge_line: bool,
    /// Some chunks have no choices.
    pub(crate) empty_choices: bool,
}

/// The way progress takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Course {
    /// Upwards.
    #[default]
    Straight,
    /// It falls back half-way.
    Regress,
    /// The upstream fails half-way and starts anew.
    Retry,
}

/// How `[DONE]` closes a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Done {
    #[default]
    Once,
    Twice,
    Never,
    /// Followed by `\n\n` as four characters, and no line end.
    Literal,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A video.
    Succeed,
    /// It is said to be done, and there is no video.
    CompleteWithoutUrl,
    /// A refusal at this point.
    Refuse(Percent),
    /// A failure at this point.
    Fail(Percent),
    /// A failure that says 100 %.
    FailAtHundred,
    /// The status `expired`.
    Expire,
    /// An error object: in place of the rest, or before anything else.
    Error(&'static Failure, Option<Percent>),
    /// A torn connection at this point.
    Cut(Hangup, Percent),
    /// A video, and a torn connection right after its address.
    CutAfterResult,
    /// The id is unknown from this point on.
    Lose(Percent),
    /// Accepted, and no answer.
    LoseAnswer,
    /// So many megabytes of noise.
    Garbage(u64),
    /// An HTTP error in place of an answer.
    TurnAway(&'static Failure),
    /// Not accepted: in a stream an error object, else an HTTP error.
    Busy(&'static Failure),
}

/// How orders and polls are dealt with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JobPlan {
    /// A form of body that is refused.
    pub(crate) refused: Option<Form>,
    /// The id must be encoded to stand in a path.
    pub(crate) odd_id: bool,
    /// So many polls are answered 500, the first ones …
    pub(crate) errors: u64,
    /// … then so many 429 …
    pub(crate) limits: u64,
    /// … then so many 404.
    pub(crate) unknowns: u64,
    /// The words for a status.
    pub(crate) words: StatusWords,
    /// DELETE stops nothing.
    pub(crate) cancel_ignored: bool,
}

/// How the body of an order is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Multipart,
    Json,
}

/// The words for a status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StatusWords {
    /// Those of the specification.
    #[default]
    Proper,
    /// Those of other servers.
    Synonyms,
    /// One that nobody knows, while it runs.
    Unheard,
}

impl Plan {
    /// The plan for the `nth` request of a prompt whose tags ask for `tagged`. Tags prevail over flags.
    pub(crate) fn new(config: &Config, tagged: &Behaviours, nth: u64) -> Self {
        let mut plan = Self::happy(Duration::from_millis(config.pace), config.steps);
        (plan.variant, plan.flavour) = (config.variant, config.flavour);
        config.behaviour.apply(nth, &mut plan);
        plan.file.prevail();
        tagged.apply(nth, &mut plan);
        plan
    }

    /// This pace, these steps and dialects, and nothing that goes wrong.
    pub(crate) fn happily(&self) -> Self {
        Self { variant: self.variant, flavour: self.flavour, ..Self::happy(self.pace, self.steps) }
    }

    fn happy(pace: Duration, steps: u16) -> Self {
        Self {
            pace,
            steps,
            variant: Variant::default(),
            flavour: Flavour::default(),
            telling: Telling::default(),
            ending: Ending::Succeed,
            retry_after: None,
            done: Done::default(),
            framing: Framing::default(),
            jobs: JobPlan::default(),
            file: FilePlan::default(),
        }
    }
}

impl Ending {
    /// The ending of a stream: what only a poll can find out does not happen there.
    pub(crate) fn in_chat(self) -> Self {
        match self {
            Self::Lose(_) | Self::Expire => Self::Succeed,
            other => other,
        }
    }

    /// The ending of an order: what only a stream can do does not happen there.
    pub(crate) fn in_videos(self) -> Self {
        match self {
            Self::CutAfterResult | Self::Garbage(_) => Self::Succeed,
            other => other,
        }
    }
}
