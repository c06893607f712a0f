//! Decides what follows from a failure: a pure function of the outcome, the retry policy, and the budget already spent.

use std::time::Duration;

use entity::job::{self, RetryBudget};
use sora::Outcome;

/// How often a job is retried, by what the failed attempt may have cost.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Retries of requests that provably started nothing.
    pub max_retries: i32,
    /// Retries of requests that may have cost money; 0 means a job is paid for at most once.
    pub max_resubmits: i32,
    /// The first delay; it doubles with each retry.
    pub base_delay: Duration,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Retry after the delay, drawing one from the budget.
    Retry(RetryBudget, Duration),
    /// The job has failed.
    GiveUp,
}

/// Retries of a download: five tries in all.
const MAX_FETCH_RETRIES: i32 = 4;

/// Delays between downloads as multiples of the base delay: 4, 8, 15, 30 s with the default of 2 s.
const FETCH_DELAY_FACTORS: [f64; 4] = [2.0, 4.0, 7.5, 15.0];

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(300);

/// Decides what follows from `outcome`. `jitter` is a random number in 0..1 (full jitter); the delay is never below
/// `retry_after`.
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

    fn after(outcome: Outcome, spend: impl Fn(&mut job::Model), policy: RetryPolicy) -> Decision {
        let mut job = job();
        spend(&mut job);
        decide(outcome, &job, policy, None, 1.0)
    }

    #[test]
    fn retries_requests_that_started_nothing_five_times() {
        let delays: Vec<_> = (0..6).map(|n| after(Outcome::Transient, |job| job.retries = n, POLICY)).collect();
        let retry = |seconds| Decision::Retry(RetryBudget::Retry, Duration::from_secs(seconds));
        assert_eq!(delays, [retry(2), retry(4), retry(8), retry(16), retry(32), Decision::GiveUp]);
    }

    #[test]
    fn never_resubmits_what_may_have_cost_without_a_budget() {
        for outcome in [Outcome::Interrupted, Outcome::Unknown, Outcome::Stalled, Outcome::TimedOut, Outcome::Lost] {
            assert_eq!(after(outcome, |_| {}, POLICY), Decision::GiveUp, "{outcome:?}");
            let one = RetryPolicy { max_resubmits: 1, ..POLICY };
            assert!(matches!(after(outcome, |_| {}, one), Decision::Retry(RetryBudget::Resubmit, _)), "{outcome:?}");
            assert_eq!(after(outcome, |job| job.resubmits = 1, one), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn never_retries_a_final_outcome() {
        let generous = RetryPolicy { max_retries: 99, max_resubmits: 99, ..POLICY };
        for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.is_final()) {
            assert_eq!(after(outcome, |_| {}, generous), Decision::GiveUp, "{outcome:?}");
        }
    }

    #[test]
    fn tries_a_download_five_times_in_all() {
        let delays: Vec<_> = (0..5).map(|n| after(Outcome::Unfetchable, |job| job.fetches = n, POLICY)).collect();
        let retry = |seconds| Decision::Retry(RetryBudget::Fetch, Duration::from_secs(seconds));
        assert_eq!(delays, [retry(4), retry(8), retry(15), retry(30), Decision::GiveUp]);
    }

    #[test]
    fn waits_at_least_as_long_as_the_upstream_asks() {
        let decision = decide(Outcome::Busy, &job(), POLICY, Some(Duration::from_secs(60)), 0.1);
        assert_eq!(decision, Decision::Retry(RetryBudget::Retry, Duration::from_secs(60)));
    }
}
