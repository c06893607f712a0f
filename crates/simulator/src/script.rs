//! A generation as semantic steps, the same in every dialect: a variant renders them, and knows nothing of plans.
//!
//! A script always ends. A queue step is in every one that was accepted: it has begun to cost.

use crate::chat::sse::Hangup;
use crate::http::injected_error::Failure;
use crate::percent::Percent;
use crate::plan::{Course, Done, Ending, Plan, Telling};

/// Where progress stands when the result arrives: no upstream ever says 100.
const LAST: Percent = Percent(987);

/// One thing that happens to a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The answer opens and repeats the prompt.
    Opened,
    /// The prompt once more, raw.
    RawEcho,
    /// A chunk that holds nothing but the usage.
    Usage,
    /// Waiting for a place.
    Queued,
    /// A line of 2 MiB.
    HugeLine,
    /// The waiting is over.
    Started,
    /// So far.
    Progress(Percent),
    /// So far, by guess.
    Estimate(Percent),
    /// Time passes and nothing is said.
    Silence,
    /// The upstream failed and starts anew.
    Retried,
    /// The video is there.
    Succeeded,
    /// The video is said to be there.
    CompletedWithoutUrl,
    /// The content policy forbids it.
    Refused,
    /// It failed.
    Failed,
    /// It failed, and says 100 %.
    FailedAtHundred,
    /// Nobody fetched it in time.
    Expired,
    /// An error object in place of anything else.
    Errored(&'static Failure),
    /// Nobody knows of it any more.
    Lost,
    /// The model has nothing more to say.
    Finished,
    /// The stream is complete.
    Done,
    /// The stream is complete, with line ends that are none.
    DoneLiteral,
    /// The connection is torn.
    Cut(Hangup),
}

impl Step {
    /// Whether time passes before it.
    pub(crate) fn takes_time(self) -> bool {
        matches!(
            self,
            Self::Queued
                | Self::Progress(_)
                | Self::Estimate(_)
                | Self::Silence
                | Self::Retried
                | Self::Succeeded
                | Self::CompletedWithoutUrl
                | Self::Refused
                | Self::Failed
                | Self::FailedAtHundred
                | Self::Expired
        )
    }
}

/// The steps of a generation that goes by this plan and ends like this.
pub(crate) fn script(plan: &Plan, ending: Ending) -> Vec<Step> {
    let (end, mut close) = match ending {
        Ending::Error(failure, None) | Ending::Busy(failure) => {
            return [&[Step::Errored(failure)], done(plan.done)].concat();
        }
        Ending::Succeed | Ending::TurnAway(_) | Ending::LoseAnswer | Ending::Garbage(_) => {
            (LAST, vec![Step::Succeeded, Step::Finished])
        }
        Ending::CompleteWithoutUrl => (LAST, vec![Step::CompletedWithoutUrl, Step::Finished]),
        Ending::CutAfterResult => (LAST, vec![Step::Succeeded, Step::Cut(Hangup::Close)]),
        Ending::Refuse(at) => (at, vec![Step::Refused, Step::Finished]),
        Ending::Fail(at) => (at, vec![Step::Failed, Step::Finished]),
        Ending::FailAtHundred => (LAST, vec![Step::FailedAtHundred, Step::Finished]),
        Ending::Expire => (LAST, vec![Step::Expired]),
        Ending::Error(failure, Some(at)) => (at, vec![Step::Errored(failure)]),
        Ending::Cut(hangup, at) => (at, vec![Step::Cut(hangup)]),
        Ending::Lose(at) => (at, vec![Step::Lost]),
    };
    if !matches!(close.last(), Some(Step::Cut(_))) {
        close.extend(plan.telling.empty_choices.then_some(Step::Usage));
        close.extend(done(plan.done));
    }
    let mut steps = opening(plan.telling);
    steps.extend(way(plan, end.min(LAST)));
    steps.append(&mut close);
    steps
}

fn opening(telling: Telling) -> Vec<Step> {
    let mut steps = vec![Step::Opened];
    steps.extend(telling.raw_echo.then_some(Step::RawEcho));
    steps.extend(telling.empty_choices.then_some(Step::Usage));
    steps.extend([Step::Queued, Step::Queued]);
    steps.extend(telling.huge_line.then_some(Step::HugeLine));
    steps.push(Step::Started);
    steps
}

fn done(done: Done) -> &'static [Step] {
    match done {
        Done::Once => &[Step::Done],
        Done::Twice => &[Step::Done, Step::Done],
        Done::Never => &[],
        Done::Literal => &[Step::DoneLiteral],
    }
}

/// From the start to `end`, on the way that the plan wants.
fn way(plan: &Plan, end: Percent) -> Vec<Step> {
    let tell = |at| match plan.telling {
        Telling { silent: true, .. } => Step::Silence,
        Telling { estimated: true, .. } => Step::Estimate(at),
        _ => Step::Progress(at),
    };
    let straight: Vec<Step> = points(plan.steps, end).map(tell).collect();
    let half = straight.len() / 2;
    let first = &straight[..straight.len().min(half + 1)];
    match plan.telling.course {
        Course::Straight => straight,
        Course::Regress => [first, &straight[half / 2..]].concat(),
        Course::Retry => [first, &[Step::Retried], &straight].concat(),
    }
}

/// The regular points of a generation of `steps` lines that lie before `end`, then `end` itself unless it is the very start.
fn points(steps: u16, end: Percent) -> impl Iterator<Item = Percent> {
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
        let plan = Plan::new(&config, &behaviour.parse().unwrap(), 1);
        script(&plan, plan.ending)
    }

    fn told(points: &[u16]) -> Vec<Step> {
        points.iter().map(|&tenths| Step::Progress(Percent(tenths))).collect()
    }

    #[test]
    fn a_happy_generation_is_told_from_the_queue_to_the_result() {
        use Step::*;
        let all = [&[Opened, Queued, Queued, Started], &told(&[246, 493, 740, 987])[..], &[Succeeded, Finished, Done]];
        assert_eq!(steps("happy"), all.concat());
    }

    #[test]
    fn it_stops_where_it_is_told_to() {
        use Step::*;
        assert_eq!(steps("cut@60%")[4..], [&told(&[246, 493, 600])[..], &[Cut(Hangup::Close)]].concat());
        assert_eq!(steps("refuse@0%")[4..], [Refused, Finished, Done]);
        assert_eq!(steps("cut-after-result")[8..], [Succeeded, Cut(Hangup::Close)]);
        assert_eq!(steps("refuse@10%,no-done")[4..], [Progress(Percent(100)), Refused, Finished]);
        assert_eq!(steps("lost@100%")[8..], [Lost, Done]);
    }

    #[test]
    fn progress_can_fall_and_start_anew() {
        assert_eq!(steps("regress")[4..10], told(&[246, 493, 740, 493, 740, 987]));
        let anew = [&told(&[246, 493, 740])[..], &[Step::Retried], &told(&[246, 493, 740, 987])].concat();
        assert_eq!(steps("internal-retry")[4..12], anew);
        assert_eq!(steps("refuse@0%,regress"), steps("refuse@0%"));
    }

    #[test]
    fn an_error_can_come_before_anything_else() {
        use Step::*;
        assert!(matches!(steps("error-frame")[..], [Errored(_), Done]));
        assert!(matches!(steps("no-tokens,done-twice")[..], [Errored(_), Done, Done]));
        assert!(matches!(steps("error-frame@0%,no-done")[..], [Opened, Queued, Queued, Started, Errored(_)]));
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
