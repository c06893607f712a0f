//! A generation as semantic steps, the same in every dialect: a variant renders them, and knows nothing of plans.
//!
//! A script always ends, and a queue step is in every one: an accepted request has begun to cost.

use crate::percent::Percent;
use crate::plan::{Ending, Plan};

/// Where progress stands when the result arrives: no upstream ever says 100.
const LAST: Percent = Percent(987);

/// One thing that happens to a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The answer opens and repeats the prompt.
    Opened,
    /// Waiting for a place.
    Queued,
    /// So far.
    Progress(Percent),
    /// Time passes and nothing is said.
    Silence,
    /// The video is there.
    Succeeded,
    /// The content policy forbids it.
    Refused,
    /// The model has nothing more to say.
    Finished,
    /// The stream is complete.
    Done,
    /// The connection is torn.
    Cut,
}

impl Step {
    /// Whether time passes before it.
    pub(crate) fn takes_time(self) -> bool {
        matches!(self, Self::Queued | Self::Progress(_) | Self::Silence | Self::Succeeded | Self::Refused)
    }
}

/// The steps of a stream that goes by this plan.
pub(crate) fn script(plan: &Plan) -> Vec<Step> {
    let (end, close): (Percent, &[Step]) = match plan.ending {
        Ending::Succeed | Ending::Fail(_) => (LAST, &[Step::Succeeded, Step::Finished]),
        Ending::CutAfterResult => (LAST, &[Step::Succeeded, Step::Cut]),
        Ending::Refuse(at) => (at.min(LAST), &[Step::Refused, Step::Finished]),
        Ending::Cut(at) => (at.min(LAST), &[Step::Cut]),
    };
    let mut steps = vec![Step::Opened, Step::Queued, Step::Queued];
    steps.extend(progress(plan.steps, end).map(|at| if plan.silent { Step::Silence } else { Step::Progress(at) }));
    steps.extend_from_slice(close);
    if plan.done && close.last() == Some(&Step::Finished) {
        steps.push(Step::Done);
    }
    steps
}

/// The regular points of a generation of `steps` lines that lie before `end`, then `end` itself unless it is the very start.
fn progress(steps: u16, end: Percent) -> impl Iterator<Item = Percent> {
    let whole = u32::from(LAST.0);
    let points = (1..=u32::from(steps)).map(move |step| whole * step / u32::from(steps));
    let points = points.filter_map(|tenths| u16::try_from(tenths).ok()).map(Percent);
    points.take_while(move |&at| at < end).chain((end > Percent(0)).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn steps(behaviour: &str) -> Vec<Step> {
        let config = Config { steps: 4, ..Config::default() };
        script(&Plan::new(&config, &behaviour.parse().unwrap(), 1))
    }

    #[test]
    fn a_happy_generation_is_told_from_the_queue_to_the_result() {
        use Step::*;
        let told = [246, 493, 740, 987].map(|at| Progress(Percent(at)));
        let all = [&[Opened, Queued, Queued], &told[..], &[Succeeded, Finished, Done]].concat();
        assert_eq!(steps("happy"), all);
    }

    #[test]
    fn it_stops_where_it_is_told_to() {
        use Step::*;
        assert_eq!(
            steps("cut@60%")[3..],
            [Progress(Percent(246)), Progress(Percent(493)), Progress(Percent(600)), Cut]
        );
        assert_eq!(steps("refuse@0%")[3..], [Refused, Finished, Done]);
        assert_eq!(steps("cut-after-result")[7..], [Succeeded, Cut]);
        assert_eq!(steps("refuse@10%,no-done")[3..], [Progress(Percent(100)), Refused, Finished]);
    }

    #[test]
    fn silence_takes_as_long_as_speech() {
        let (silent, told) = (steps("silent"), steps("happy"));
        assert_eq!(
            silent.iter().filter(|step| step.takes_time()).count(),
            told.iter().filter(|step| step.takes_time()).count()
        );
        assert!(!silent.iter().any(|step| matches!(step, Step::Progress(_))));
    }
}
