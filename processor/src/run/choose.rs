//! Chooses the upstream that the next request is sent to.

use std::sync::Arc;
use std::time::Duration;

use bus::PlaceOffer;
use catalogue::Pool;
use sora::{Failure, Outcome};
use tokio::time::{Instant, sleep};

use super::{JobRun, RunError};
use crate::metrics::DeferReason;
use crate::upstream::breaker::Admission;
use crate::upstream::upstreams::Upstream;

/// How long a job waits before it looks again for a free place at an upstream.
const PLACE_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How long a job waits before it asks again whether an upstream may be used.
pub(super) const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(15);

/// The upstream of the next request.
pub(super) struct Chosen {
    pub(super) upstream: Arc<Upstream>,
    /// Whether the request is the circuit breaker's probe.
    pub(super) probe: bool,
}

/// Which of a pool's upstreams can be used now.
#[derive(Default)]
struct Survey {
    offers: Vec<PlaceOffer>,
    /// Whether there is an upstream that was not tried yet.
    has_untried: bool,
    /// How long the circuit breaker holds submissions back that would otherwise be possible.
    breaker_pause: Option<Duration>,
}

impl<'a> JobRun<'a> {
    /// The pool of the job's model.
    pub(super) fn pool(&self) -> Result<&'a Pool, RunError> {
        let pool = self.context.config.catalogue.pool_of(&self.job.model);
        pool.ok_or_else(|| Failure::new(Outcome::UpstreamGone, "the catalogue has no such model").into())
    }

    /// Chooses an upstream of the job's pool that is not among `tried`, that may be used, and that has a free place. Waits while
    /// those that may be used are full. Returns `None` if none is left that could be tried now.
    pub(super) async fn choose_upstream(&mut self, tried: &[String]) -> Result<Option<Chosen>, RunError> {
        let pool = self.pool()?;
        loop {
            // Each time: the job may have waited long for a place.
            self.await_lease().await?;
            let survey = self.survey(pool, tried).await?;
            if survey.offers.is_empty() {
                return match survey.breaker_pause {
                    _ if !tried.is_empty() || !survey.has_untried => Ok(None),
                    Some(pause) => Err(RunError::Deferred(DeferReason::Breaker, pause)),
                    None => Err(RunError::Deferred(DeferReason::Suspended, UNAVAILABLE_PAUSE)),
                };
            }
            let name = self.take_place(pool, &survey.offers).await;
            let Some(upstream) = name.and_then(|name| self.context.upstreams.named(&name)) else {
                sleep(PLACE_CHECK_INTERVAL).await;
                continue;
            };
            let probe = match upstream.breaker().admission(self.job.user_id, Instant::now()) {
                Admission::Granted => false,
                Admission::Probe => true,
                // Another job became the probe meanwhile.
                Admission::Wait(_) => continue,
            };
            return Ok(Some(Chosen { upstream: upstream.clone(), probe }));
        }
    }

    async fn survey(&mut self, pool: &Pool, tried: &[String]) -> Result<Survey, RunError> {
        let upstreams = &self.context.upstreams;
        let mut survey = Survey::default();
        for member in pool.members.iter().filter(|member| !tried.contains(&member.upstream)) {
            let Some(upstream) = upstreams.named(&member.upstream) else { continue };
            survey.has_untried = true;
            if upstreams.unavailable(&upstream.settings).is_some()
                || upstream.suspension.is_suspended(&self.context.db).await?
            {
                continue;
            }
            if let Some(pause) = upstream.breaker().pause(Instant::now()) {
                survey.breaker_pause = Some(survey.breaker_pause.map_or(pause, |other| other.min(pause)));
                continue;
            }
            survey.offers.push(PlaceOffer {
                upstream: member.upstream.clone(),
                priority: member.priority,
                capacity: upstreams.controls().concurrency(&upstream.settings),
                weight: upstream.settings.weight,
            });
        }
        Ok(survey)
    }

    /// Takes a place at one of the upstreams. The only upstream of a pool has one for every job that is admitted.
    async fn take_place(&mut self, pool: &Pool, offers: &[PlaceOffer]) -> Option<String> {
        let first = || offers.iter().min_by_key(|offer| offer.priority).map(|offer| offer.upstream.clone());
        if pool.members.len() == 1 {
            return first();
        }
        match self.context.queue_of(&self.job).take_place(self.job.id, offers).await {
            Ok(name) => name,
            Err(error) => {
                tracing::warn!(%error, "could not take a place at an upstream; using the one with the lowest priority");
                first()
            }
        }
    }

    /// Takes the place of a generation that runs already, whether one is free or not.
    pub(super) async fn keep_place(&mut self, upstream: &Upstream) {
        let Ok(pool) = self.pool() else { return };
        if pool.members.len() == 1 {
            return;
        }
        let upstream = upstream.settings.name.clone();
        let offer = PlaceOffer { upstream, priority: 0, capacity: 0, weight: 1 };
        if let Err(error) = self.context.queue_of(&self.job).take_place(self.job.id, &[offer]).await {
            tracing::debug!(%error, "could not take the place of a running generation");
        }
    }
}

/// The failure that decides what follows when every upstream of the pool has refused a request: one after which it may be sent
/// again, if there is one, with the shortest pause.
pub(super) fn deciding(failures: Vec<Failure>) -> Option<Failure> {
    let is_retryable = |failure: &Failure| matches!(failure.outcome, Outcome::Busy | Outcome::Transient);
    let rank =
        |failure: &Failure| (!is_retryable(failure), failure.outcome == Outcome::UpstreamGone, failure.retry_after);
    failures.into_iter().min_by_key(rank)
}

/// Whether an outcome is a refusal that surely started nothing and says nothing about the request, so that another upstream may
/// accept it.
pub(super) fn is_worth_another_upstream(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Busy | Outcome::Transient | Outcome::Unauthorised | Outcome::UpstreamGone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(outcome: Outcome, seconds: Option<u64>) -> Failure {
        Failure { retry_after: seconds.map(Duration::from_secs), ..Failure::new(outcome, "") }
    }

    #[test]
    fn a_refusal_that_allows_a_retry_decides_with_the_shortest_pause() {
        let failures = vec![
            failure(Outcome::Unauthorised, None),
            failure(Outcome::Busy, Some(60)),
            failure(Outcome::Transient, Some(5)),
            failure(Outcome::UpstreamGone, None),
        ];
        assert_eq!(deciding(failures), Some(failure(Outcome::Transient, Some(5))));
        let final_ones = vec![failure(Outcome::UpstreamGone, None), failure(Outcome::Unauthorised, None)];
        assert_eq!(deciding(final_ones), Some(failure(Outcome::Unauthorised, None)));
        assert_eq!(deciding(Vec::new()), None);
    }

    #[test]
    fn only_refusals_before_acceptance_go_to_another_upstream() {
        for outcome in Outcome::ALL {
            assert!(!(is_worth_another_upstream(outcome) && outcome.is_charged()), "{outcome:?}");
        }
        assert!(!is_worth_another_upstream(Outcome::Refused) && !is_worth_another_upstream(Outcome::Invalid));
    }
}
