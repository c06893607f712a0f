//! The steps of a generation, the same in every dialect. Variants render steps and do not know the plan.
//!
//! Every script ends. Every accepted generation has a queue step: from then on it costs.

use crate::http::connection::Disconnect;
use crate::http::injected_error::InjectedError;
use crate::percent::Percent;
use crate::plan::Plan;
use crate::plan::ending::Ending;
use crate::plan::progress::ProgressCurve;
use crate::plan::result::Presentation;
use crate::plan::stream::{DoneMarker, StreamPlan};

/// Progress reported before the result. No upstream reports 100 at this point.
const LAST: Percent = Percent(987);

/// One step of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The response starts and repeats the prompt.
    Opened,
    /// A notice about failures.
    Notice,
    /// The prompt is repeated outside of a code fence.
    RawEcho,
    /// A chunk with nothing but the usage.
    Usage,
    /// Waiting in the upstream's queue.
    Queued,
    /// A line of 2 MiB.
    HugeLine,
    /// The generation starts.
    Started,
    /// A link to a page about the task.
    TaskPage,
    /// Progress so far.
    Progress(Percent),
    /// Estimated progress so far.
    Estimate(Percent),
    /// A progress step that reports nothing.
    Silence,
    /// The upstream failed and restarts the generation.
    Restarted,
    /// The video is ready.
    Succeeded,
    /// Reported as completed, without a video.
    CompletedWithoutResult,
    /// Refused by the content policy.
    Refused,
    /// Failed.
    Failed,
    /// Failed, with 100 % reported.
    FailedAtHundred,
    /// The status becomes `expired`.
    Expired,
    /// An error object in place of the rest.
    Errored(&'static InjectedError),
    /// An event that no client understands.
    Unreadable,
    /// The id becomes unknown.
    IdForgotten,
    /// The chunk with the finish reason.
    Finished,
    /// `[DONE]`.
    Done,
    /// `[DONE]`, followed by a literal `\n\n`.
    DoneLiteral,
    /// The connection breaks.
    Disconnected(Disconnect),
}

impl Step {
    /// Whether the pace applies before this step.
    pub(crate) fn takes_time(self) -> bool {
        matches!(
            self,
            Self::Queued
                | Self::Progress(_)
                | Self::Estimate(_)
                | Self::Silence
                | Self::Restarted
                | Self::Succeeded
                | Self::CompletedWithoutResult
                | Self::Refused
                | Self::Failed
                | Self::FailedAtHundred
                | Self::Expired
        )
    }
}

/// The steps of a generation that follows `plan` and ends in `ending`.
pub(crate) fn script(plan: &Plan, ending: Ending) -> Vec<Step> {
    let (end, mut close) = match ending {
        Ending::Error(error, None) | Ending::Overloaded(error) => {
            return [&[Step::Errored(error)], done(plan.stream.done)].concat();
        }
        Ending::Unreadable => return [&[Step::Unreadable; 3], done(plan.stream.done)].concat(),
        Ending::Succeed | Ending::HttpError(_) | Ending::DropResponse | Ending::Garbage(_) => {
            (LAST, vec![Step::Succeeded, Step::Finished])
        }
        Ending::CompleteWithoutResult => (LAST, vec![Step::CompletedWithoutResult, Step::Finished]),
        Ending::DisconnectAfterResult => (LAST, vec![Step::Succeeded, Step::Disconnected(Disconnect::Close)]),
        Ending::Refuse(at) => (at, vec![Step::Refused, Step::Finished]),
        Ending::Fail(at) => (at, vec![Step::Failed, Step::Finished]),
        Ending::FailAtHundred => (LAST, vec![Step::FailedAtHundred, Step::Finished]),
        Ending::Expire => (LAST, vec![Step::Expired]),
        Ending::Error(error, Some(at)) => (at, vec![Step::Errored(error)]),
        Ending::Disconnect(how, at) => (at, vec![Step::Disconnected(how)]),
        Ending::ForgetId(at) => (at, vec![Step::IdForgotten]),
    };
    if !matches!(close.last(), Some(Step::Disconnected(_))) {
        close.extend(plan.stream.empty_choices.then_some(Step::Usage));
        close.extend(done(plan.stream.done));
    }
    let mut steps = opening(plan.stream);
    steps.extend((plan.result.presentation == Presentation::PageFirst).then_some(Step::TaskPage));
    steps.extend(progress(plan, end.min(LAST)));
    steps.append(&mut close);
    steps
}

fn opening(stream: StreamPlan) -> Vec<Step> {
    let mut steps = vec![Step::Opened];
    steps.extend(stream.notice.then_some(Step::Notice));
    steps.extend(stream.raw_echo.then_some(Step::RawEcho));
    steps.extend(stream.empty_choices.then_some(Step::Usage));
    steps.extend([Step::Queued, Step::Queued]);
    steps.extend(stream.huge_line.then_some(Step::HugeLine));
    steps.push(Step::Started);
    steps
}

fn done(marker: DoneMarker) -> &'static [Step] {
    match marker {
        DoneMarker::Once => &[Step::Done],
        DoneMarker::Twice => &[Step::Done, Step::Done],
        DoneMarker::Never => &[],
        DoneMarker::Literal => &[Step::DoneLiteral],
    }
}

/// The progress steps up to `end`.
fn progress(plan: &Plan, end: Percent) -> Vec<Step> {
    let step = |at| match (plan.progress.silent, plan.progress.estimated) {
        (true, _) => Step::Silence,
        (false, true) => Step::Estimate(at),
        (false, false) => Step::Progress(at),
    };
    let rising: Vec<Step> = percentages(plan.steps, end).map(step).collect();
    let half = rising.len() / 2;
    let first = &rising[..rising.len().min(half + 1)];
    match plan.progress.curve {
        ProgressCurve::Rising => rising,
        ProgressCurve::FallsBack => [first, &rising[half / 2..]].concat(),
        ProgressCurve::Restarts => [first, &[Step::Restarted], &rising].concat(),
    }
}

/// The percentages of `steps` evenly spaced reports that lie below `end`, then `end` itself unless it is 0.
fn percentages(steps: u16, end: Percent) -> impl Iterator<Item = Percent> {
    let whole = u32::from(LAST.0);
    let tenths = (1..=u32::from(steps)).map(move |step| whole * step / u32::from(steps));
    let percentages = tenths.filter_map(|tenths| u16::try_from(tenths).ok()).map(Percent);
    percentages.take_while(move |&at| at < end).chain((end > Percent(0)).then_some(end))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::behaviour::Behaviours;

    fn steps(behaviour: &str) -> Vec<Step> {
        let mut plan = Plan::new(Duration::ZERO, 4);
        behaviour.parse::<Behaviours>().unwrap().apply(1, &mut plan);
        script(&plan, plan.ending)
    }

    fn reports(tenths: &[u16]) -> Vec<Step> {
        tenths.iter().map(|&tenths| Step::Progress(Percent(tenths))).collect()
    }

    #[test]
    fn a_successful_generation_runs_from_the_queue_to_the_result() {
        use Step::*;
        let all =
            [&[Opened, Queued, Queued, Started], &reports(&[246, 493, 740, 987])[..], &[Succeeded, Finished, Done]];
        assert_eq!(steps("happy"), all.concat());
    }

    #[test]
    fn a_generation_ends_at_the_given_percentage() {
        use Step::*;
        let disconnected = [&reports(&[246, 493, 600])[..], &[Disconnected(Disconnect::Close)]].concat();
        assert_eq!(steps("cut@60%")[4..], disconnected);
        assert_eq!(steps("refuse@0%")[4..], [Refused, Finished, Done]);
        assert_eq!(steps("cut-after-result")[8..], [Succeeded, Disconnected(Disconnect::Close)]);
        assert_eq!(steps("refuse@10%,no-done")[4..], [Progress(Percent(100)), Refused, Finished]);
        assert_eq!(steps("lost@100%")[8..], [IdForgotten, Done]);
    }

    #[test]
    fn progress_can_fall_back_and_restart() {
        assert_eq!(steps("regress")[4..10], reports(&[246, 493, 740, 493, 740, 987]));
        let restarted = [&reports(&[246, 493, 740])[..], &[Step::Restarted], &reports(&[246, 493, 740, 987])].concat();
        assert_eq!(steps("internal-retry")[4..12], restarted);
        assert_eq!(steps("refuse@0%,regress"), steps("refuse@0%"));
    }

    #[test]
    fn an_error_can_replace_the_whole_response() {
        use Step::*;
        assert!(matches!(steps("error-frame")[..], [Errored(_), Done]));
        assert!(matches!(steps("no-tokens,done-twice")[..], [Errored(_), Done, Done]));
        assert!(matches!(steps("error-frame@0%,no-done")[..], [Opened, Queued, Queued, Started, Errored(_)]));
    }

    #[test]
    fn a_silent_generation_takes_as_long_as_any_other() {
        let (silent, happy) = (steps("silent"), steps("happy"));
        assert_eq!(
            silent.iter().filter(|step| step.takes_time()).count(),
            happy.iter().filter(|step| step.takes_time()).count()
        );
        assert!(!silent.iter().any(|step| matches!(step, Step::Progress(_))));
    }
}
