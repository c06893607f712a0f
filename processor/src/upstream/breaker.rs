//! The circuit breaker: while the upstream fails for everybody, nothing new is submitted. Polls, fetches and reclaims go
//! on. Pure: time is given.
//!
//! It opens when several jobs in a row fail, of several users where several are active, so that neither one job nor one
//! user's poison can stop all.
//! Then one job probes at a time; a failed probe costs its job no budget and doubles the pause.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entity::{JobId, UserId};
use sora::Outcome;
use tokio::time::Instant;

/// Jobs that fail in a row until it opens.
const MIN_FAILED_JOBS: usize = 5;

/// Users among them, where that many are active.
const MIN_FAILED_USERS: usize = 3;

/// Who submitted within this time is active.
const ACTIVE_WINDOW: Duration = Duration::from_secs(300);

/// The first pause, and the longest.
const MIN_PAUSE: Duration = Duration::from_secs(5);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Whether a job may be submitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As usual.
    Granted,
    /// As the one probe; its end must be told.
    Probe,
    /// Not yet.
    Wait(Duration),
}

/// What is known of the upstream's health.
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
    /// Asks for passage for a job of `user`.
    pub(crate) fn admission(&mut self, user: UserId, now: Instant) -> Admission {
        self.active.insert(user, now);
        self.active.retain(|_, at| now.duration_since(*at) < ACTIVE_WINDOW);
        match &mut self.open {
            None => Admission::Granted,
            Some(open) if now < open.until => Admission::Wait(open.until - now),
            Some(open) if open.probing => Admission::Wait(open.pause),
            Some(open) => {
                open.probing = true;
                Admission::Probe
            }
        }
    }

    /// Whether nothing new is submitted, but for probes.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The upstream has taken a request, or refused it for what it asks: it works.
    pub(crate) fn record_success(&mut self) {
        self.failed.clear();
        self.open = None;
    }

    /// A probe ended without telling anything.
    pub(crate) fn release_probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = false;
        }
    }

    /// A request for a job of `user` failed for no fault of its own.
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

/// Whether an outcome says that the upstream is unwell, rather than that it dislikes a request.
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
    fn failures_of_several_users_open_it_and_a_probe_that_works_closes_it() {
        let (mut breaker, now) = opened();
        assert_eq!(breaker.admission(new_id(), now), Admission::Wait(MIN_PAUSE));
        let later = now + MIN_PAUSE;
        assert_eq!(breaker.admission(new_id(), later), Admission::Probe);
        assert_eq!(breaker.admission(new_id(), later), Admission::Wait(MIN_PAUSE), "two probes at once");
        breaker.record_success();
        assert_eq!(breaker.admission(new_id(), later), Admission::Granted);
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause_up_to_a_minute() {
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
    fn one_job_that_keeps_failing_opens_nothing() {
        let (mut breaker, now, job, user) = (Breaker::default(), Instant::now(), new_id(), new_id());
        for _ in 0..100 {
            assert_eq!(breaker.admission(user, now), Admission::Granted);
            breaker.record_failure(job, user, now);
        }
    }

    #[test]
    fn one_users_poison_stops_nobody_else_and_a_single_user_stops_himself() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let (poisoned, others) = (new_id(), [new_id(), new_id()]);
        for user in others {
            breaker.admission(user, now);
        }
        for _ in 0..100 {
            assert_eq!(breaker.admission(poisoned, now), Admission::Granted);
            breaker.record_failure(new_id(), poisoned, now);
        }
        assert_eq!(breaker.admission(others[0], now), Admission::Granted);

        let mut alone = Breaker::default();
        for _ in 0..MIN_FAILED_JOBS {
            assert_eq!(alone.admission(poisoned, now), Admission::Granted);
            alone.record_failure(new_id(), poisoned, now);
        }
        assert!(matches!(alone.admission(poisoned, now), Admission::Wait(_)));
    }
}
