//! What follows from a failure: a pure function of outcome, budgets and what is spent of them.

use std::time::Duration;

use entity::job::{self, Budget};
use sora::Outcome;

/// How often a job may be tried again, by what the failed try may have cost.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Requests that surely started nothing.
    pub retries: i32,
    /// Requests that may have cost money: 0 = pay at most once.
    pub resubmits: i32,
    /// The first delay; it doubles with each try.
    pub base: Duration,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Try again after the delay, at the cost of one of the budget.
    Again(Budget, Duration),
    /// The job has failed.
    GiveUp,
}

/// Downloads of one result, tried at most five times in all.
const FETCHES: i32 = 4;

/// Between downloads: 4, 8, 15, 30 s with the default base of 2 s.
const FETCH_DELAYS: [f64; 4] = [2.0, 4.0, 7.5, 15.0];

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(300);

/// Decides what follows from `outcome` for `job`. `jitter` is random in 0..1 (full jitter); `retry_after` is a floor.
pub(crate) fn decide(
    outcome: Outcome,
    job: &job::Model,
    budgets: Budgets,
    retry_after: Option<Duration>,
    jitter: f64,
) -> Decision {
    let (budget, spent, most) = match outcome {
        Outcome::Refused
        | Outcome::Invalid
        | Outcome::UpstreamGone
        | Outcome::Unauthorised
        | Outcome::UpstreamChanged => {
            return Decision::GiveUp;
        }
        Outcome::Busy | Outcome::Transient => (Budget::Retry, job.retries, budgets.retries),
        Outcome::Interrupted | Outcome::Unknown | Outcome::Stalled | Outcome::TimedOut | Outcome::Lost => {
            (Budget::Resubmit, job.resubmits, budgets.resubmits)
        }
        Outcome::Unfetchable => (Budget::Fetch, job.fetches, FETCHES),
    };
    if spent >= most {
        return Decision::GiveUp;
    }
    let spent = u32::try_from(spent).unwrap_or(0);
    let delay = match budget {
        Budget::Fetch => budgets.base.mul_f64(FETCH_DELAYS[(spent as usize).min(FETCH_DELAYS.len() - 1)]),
        Budget::Retry | Budget::Resubmit => {
            budgets.base.saturating_mul(1 << spent.min(16)).min(MAX_DELAY).mul_f64(jitter)
        }
    };
    Decision::Again(budget, delay.max(retry_after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::plan::tests::job;

    const BUDGETS: Budgets = Budgets { retries: 5, resubmits: 0, base: Duration::from_secs(2) };

    fn after(outcome: Outcome, spent: impl Fn(&mut job::Model), budgets: Budgets) -> Decision {
        let mut job = job();
        spent(&mut job);
        decide(outcome, &job, budgets, None, 1.0)
    }

    #[test]
    fn what_started_nothing_is_tried_five_times_more() {
        let delays: Vec<_> = (0..6).map(|n| after(Outcome::Transient, |job| job.retries = n, BUDGETS)).collect();
        let again = |seconds| Decision::Again(Budget::Retry, Duration::from_secs(seconds));
        assert_eq!(delays, [again(2), again(4), again(8), again(16), again(32), Decision::GiveUp]);
    }

    #[test]
    fn what_may_have_cost_is_never_repeated_unasked() {
        for outcome in [Outcome::Interrupted, Outcome::Unknown, Outcome::Stalled, Outcome::TimedOut, Outcome::Lost] {
            assert_eq!(after(outcome, |_| {}, BUDGETS), Decision::GiveUp, "{outcome:?}");
            let one = Budgets { resubmits: 1, ..BUDGETS };
            assert!(matches!(after(outcome, |_| {}, one), Decision::Again(Budget::Resubmit, _)), "{outcome:?}");
            assert_eq!(after(outcome, |job| job.resubmits = 1, one), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn what_is_final_stays_so() {
        let rich = Budgets { retries: 99, resubmits: 99, ..BUDGETS };
        for outcome in
            [Outcome::Refused, Outcome::Invalid, Outcome::UpstreamGone, Outcome::Unauthorised, Outcome::UpstreamChanged]
        {
            assert_eq!(after(outcome, |_| {}, rich), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn a_download_is_tried_five_times_in_all() {
        let delays: Vec<_> = (0..5).map(|n| after(Outcome::Unfetchable, |job| job.fetches = n, BUDGETS)).collect();
        let again = |seconds| Decision::Again(Budget::Fetch, Duration::from_secs(seconds));
        assert_eq!(delays, [again(4), again(8), again(15), again(30), Decision::GiveUp]);
    }

    #[test]
    fn the_upstream_may_ask_for_more_patience() {
        let asked = decide(Outcome::Busy, &job(), BUDGETS, Some(Duration::from_secs(60)), 0.1);
        assert_eq!(asked, Decision::Again(Budget::Retry, Duration::from_secs(60)));
    }
}
