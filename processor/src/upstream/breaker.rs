//! The circuit breaker of an upstream: while it fails for all users, nothing new is submitted to it. Polls, downloads and reclaims
//! continue. Pure: the caller passes the time.
//!
//! It opens when several jobs in a row fail, of several users if several are active, so that neither one job nor one user's
//! requests can stop everybody. Then one job at a time is sent as a probe. A failed probe draws none of its job's budget
//! and doubles the pause.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entity::{JobId, UserId};
use sora::Outcome;
use tokio::time::Instant;

/// Failed jobs in a row that open the breaker.
const MIN_FAILED_JOBS: usize = 5;

/// Distinct users among them, or all active users if there are fewer.
const MIN_FAILED_USERS: usize = 3;

/// A user who submitted within this time is active.
const ACTIVE_WINDOW: Duration = Duration::from_secs(300);

/// The first pause; it doubles up to the maximum.
const MIN_PAUSE: Duration = Duration::from_secs(5);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Whether a job may be submitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Submit.
    Granted,
    /// Submit as the probe. Its result must be recorded, or the probe released.
    Probe,
    /// Wait this long.
    Wait(Duration),
}

/// Recent failures, and whether the breaker is open.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failed: HashMap<JobId, UserId>,
    active: HashMap<UserId, Instant>,
    open: Option<OpenState>,
}

#[derive(Clone, Copy, Debug)]
struct OpenState {
    until: Instant,
    pause: Duration,
    probing: bool,
}

impl Breaker {
    /// Decides whether a job of `user` may be submitted.
    pub(crate) fn admission(&mut self, user: UserId, now: Instant) -> Admission {
        self.active.insert(user, now);
        self.active.retain(|_, at| now.duration_since(*at) < ACTIVE_WINDOW);
        if let Some(pause) = self.pause(now) {
            return Admission::Wait(pause);
        }
        match &mut self.open {
            None => Admission::Granted,
            Some(open) => {
                open.probing = true;
                Admission::Probe
            }
        }
    }

    /// How long nothing may be submitted from `now` on; `None` if a job or a probe may.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        match &self.open {
            Some(open) if now < open.until => Some(open.until - now),
            Some(open) if open.probing => Some(open.pause),
            _ => None,
        }
    }

    /// Whether only probes are submitted.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Records that the upstream works: it accepted a request, or refused it for its content.
    pub(crate) fn record_success(&mut self) {
        self.failed.clear();
        self.open = None;
    }

    /// Releases a probe that ended without a result.
    pub(crate) fn release_probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = false;
        }
    }

    /// Records that a request for a job of `user` failed for a reason other than its content.
    pub(crate) fn record_failure(&mut self, job: JobId, user: UserId, now: Instant) {
        self.failed.insert(job, user);
        let pause = match self.open {
            Some(open) if open.probing => (open.pause * 2).min(MAX_PAUSE),
            Some(_) => return,
            None => MIN_PAUSE,
        };
        let users: HashSet<_> = self.failed.values().collect();
        if self.open.is_some()
            || (self.failed.len() >= MIN_FAILED_JOBS && users.len() >= MIN_FAILED_USERS.min(self.active.len()))
        {
            self.open = Some(OpenState { until: now + pause, pause, probing: false });
            self.failed.clear();
        }
    }
}

/// Whether an outcome is a failure of the upstream, rather than a rejection of one request.
pub(crate) fn is_upstream_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Busy | Outcome::Transient | Outcome::Unknown | Outcome::Unauthorised)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;

    fn opened() -> (Breaker, Instant) {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for user in std::iter::repeat_with(new_id).take(MIN_FAILED_JOBS) {
            assert_eq!(breaker.admission(user, now), Admission::Granted);
            breaker.record_failure(new_id(), user, now);
        }
        (breaker, now)
    }

    #[test]
    fn failures_of_several_users_open_it_and_a_successful_probe_closes_it() {
        let (mut breaker, now) = opened();
        assert_eq!(breaker.admission(new_id(), now), Admission::Wait(MIN_PAUSE));
        let later = now + MIN_PAUSE;
        assert_eq!(breaker.admission(new_id(), later), Admission::Probe);
        assert_eq!(breaker.admission(new_id(), later), Admission::Wait(MIN_PAUSE), "two probes at once");
        breaker.record_success();
        assert_eq!(breaker.admission(new_id(), later), Admission::Granted);
    }

    #[test]
    fn a_failed_probe_doubles_the_pause_up_to_a_minute() {
        let (mut breaker, mut now) = opened();
        for pause in [5, 10, 20, 40, 60, 60] {
            let user = new_id();
            assert_eq!(breaker.admission(user, now), Admission::Wait(Duration::from_secs(pause)));
            now += Duration::from_secs(pause);
            assert_eq!(breaker.admission(user, now), Admission::Probe);
            breaker.record_failure(new_id(), user, now);
        }
        now += MAX_PAUSE;
        assert_eq!(breaker.admission(new_id(), now), Admission::Probe);
        breaker.release_probe();
        assert_eq!(breaker.admission(new_id(), now), Admission::Probe);
    }

    #[test]
    fn one_failing_job_does_not_open_it() {
        let (mut breaker, now, job, user) = (Breaker::default(), Instant::now(), new_id(), new_id());
        for _ in 0..100 {
            assert_eq!(breaker.admission(user, now), Admission::Granted);
            breaker.record_failure(job, user, now);
        }
    }

    #[test]
    fn one_failing_user_does_not_open_it_unless_alone() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let (failing, others) = (new_id(), [new_id(), new_id()]);
        for user in others {
            breaker.admission(user, now);
        }
        for _ in 0..100 {
            assert_eq!(breaker.admission(failing, now), Admission::Granted);
            breaker.record_failure(new_id(), failing, now);
        }
        assert_eq!(breaker.admission(others[0], now), Admission::Granted);

        let mut alone = Breaker::default();
        for _ in 0..MIN_FAILED_JOBS {
            assert_eq!(alone.admission(failing, now), Admission::Granted);
            alone.record_failure(new_id(), failing, now);
        }
        assert!(matches!(alone.admission(failing, now), Admission::Wait(_)));
    }
}
