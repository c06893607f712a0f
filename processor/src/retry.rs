//! What follows from a failure: a pure function of outcome, budgets and what is spent of them.

use std::time::Duration;

use entity::job::{self, RetryBudget};
use sora::Outcome;

/// How often a job may be tried again, by what the failed try may have cost.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Requests that surely started nothing.
    pub max_retries: i32,
    /// Requests that may have cost money: 0 = pay at most once.
    pub max_resubmits: i32,
    /// The first delay; it doubles with each try.
    pub base_delay: Duration,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Try again after the delay, at the cost of one of the budget.
    Retry(RetryBudget, Duration),
    /// The job has failed.
    GiveUp,
}

/// Downloads of one result, tried at most five times in all.
const MAX_FETCH_RETRIES: i32 = 4;

/// Between downloads: 4, 8, 15, 30 s with the default base of 2 s.
const FETCH_DELAY_FACTORS: [f64; 4] = [2.0, 4.0, 7.5, 15.0];

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(300);

/// Decides what follows from `outcome` for `job`. `jitter` is random in 0..1 (full jitter); `retry_after` is a floor.
pub(crate) fn decide(
    outcome: Outcome,
    job: &job::Model,
    policy: RetryPolicy,
    retry_after: Option<Duration>,
    jitter: f64,
) -> Decision {
    let (budget, spent, limit) = match outcome {
        Outcome::Refused
        | Outcome::Invalid
        | Outcome::UpstreamGone
        | Outcome::Unauthorised
        | Outcome::Unreadable
        | Outcome::UpstreamChanged => {
            return Decision::GiveUp;
        }
        Outcome::Busy | Outcome::Transient => (RetryBudget::Retry, job.retries, policy.max_retries),
        Outcome::Interrupted | Outcome::Unknown | Outcome::Stalled | Outcome::TimedOut | Outcome::Lost => {
            (RetryBudget::Resubmit, job.resubmits, policy.max_resubmits)
        }
        Outcome::Unfetchable => (RetryBudget::Fetch, job.fetches, MAX_FETCH_RETRIES),
    };
    if spent >= limit {
        return Decision::GiveUp;
    }
    let spent = u32::try_from(spent).unwrap_or(0);
    let delay = match budget {
        RetryBudget::Fetch => {
            policy.base_delay.mul_f64(FETCH_DELAY_FACTORS[(spent as usize).min(FETCH_DELAY_FACTORS.len() - 1)])
        }
        RetryBudget::Retry | RetryBudget::Resubmit => {
            policy.base_delay.saturating_mul(1 << spent.min(16)).min(MAX_DELAY).mul_f64(jitter)
        }
    };
    Decision::Retry(budget, delay.max(retry_after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::sample_job as job;

    const POLICY: RetryPolicy = RetryPolicy { max_retries: 5, max_resubmits: 0, base_delay: Duration::from_secs(2) };

    fn after(outcome: Outcome, spent: impl Fn(&mut job::Model), policy: RetryPolicy) -> Decision {
        let mut job = job();
        spent(&mut job);
        decide(outcome, &job, policy, None, 1.0)
    }

    #[test]
    fn what_started_nothing_is_tried_five_times_more() {
        let delays: Vec<_> = (0..6).map(|n| after(Outcome::Transient, |job| job.retries = n, POLICY)).collect();
        let again = |seconds| Decision::Retry(RetryBudget::Retry, Duration::from_secs(seconds));
        assert_eq!(delays, [again(2), again(4), again(8), again(16), again(32), Decision::GiveUp]);
    }

    #[test]
    fn what_may_have_cost_is_never_repeated_unasked() {
        for outcome in [Outcome::Interrupted, Outcome::Unknown, Outcome::Stalled, Outcome::TimedOut, Outcome::Lost] {
            assert_eq!(after(outcome, |_| {}, POLICY), Decision::GiveUp, "{outcome:?}");
            let one = RetryPolicy { max_resubmits: 1, ..POLICY };
            assert!(matches!(after(outcome, |_| {}, one), Decision::Retry(RetryBudget::Resubmit, _)), "{outcome:?}");
            assert_eq!(after(outcome, |job| job.resubmits = 1, one), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn what_is_final_stays_so() {
        let rich = RetryPolicy { max_retries: 99, max_resubmits: 99, ..POLICY };
        for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.is_final()) {
            assert_eq!(after(outcome, |_| {}, rich), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn a_download_is_tried_five_times_in_all() {
        let delays: Vec<_> = (0..5).map(|n| after(Outcome::Unfetchable, |job| job.fetches = n, POLICY)).collect();
        let again = |seconds| Decision::Retry(RetryBudget::Fetch, Duration::from_secs(seconds));
        assert_eq!(delays, [again(4), again(8), again(15), again(30), Decision::GiveUp]);
    }

    #[test]
    fn the_upstream_may_ask_for_more_patience() {
        let asked = decide(Outcome::Busy, &job(), POLICY, Some(Duration::from_secs(60)), 0.1);
        assert_eq!(asked, Decision::Retry(RetryBudget::Retry, Duration::from_secs(60)));
    }
}
