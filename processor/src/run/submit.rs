//! Sends one request. Its attempt is committed before the request's first byte is sent.

use std::sync::Arc;
use std::time::Duration;

use entity::attempt::NewAttempt;
use entity::id::new_id;
use entity::job::{self, AttemptStart, Status};
use entity::spending::Refusal;
use entity::submission::until_tomorrow;
use entity::{AttemptId, DbErr, clock, database};
use sora::{Candidate, Dialect, Failure, Generation, Image, Outcome, Request};
use tokio::time::sleep;
use tracing::Instrument;

use super::choose::{Chosen, UNAVAILABLE_PAUSE, deciding, is_worth_another_upstream};
use super::reference_image::{ReferenceImage, reference_image};
use super::state::RunState;
use super::{JobRun, RunError};
use crate::metrics::{self, DeferReason};
use crate::retry_transient::retry_transient;
use crate::upstream::upstreams::Upstream;
use crate::{failpoint, trace};

/// How often an unrenewed lease is checked again.
const LEASE_CHECK_INTERVAL: Duration = Duration::from_millis(200);

impl JobRun<'_> {
    /// Sends a request and follows its generation. Returns where its result may be. A request that an upstream surely did not
    /// accept goes to the next one of the pool at once.
    pub(super) async fn submit(&mut self) -> Result<Vec<Candidate>, RunError> {
        self.in_flight_job.set_resumable(true);
        let image = reference_image(self.context, self.job.reference_image_id, self.dialect()?).await?.map(Arc::new);
        let (mut tried, mut failures) = (Vec::new(), Vec::new());
        loop {
            let Some(Chosen { upstream, probe }) = self.choose_upstream(&tried).await? else {
                return Err(all_refused(failures, tried.len() == self.pool()?.members.len()));
            };
            tried.push(upstream.settings.name.clone());
            match self.submit_to(upstream, probe, (image.clone(), !failures.is_empty())).await {
                Err(RunError::Failed(failure)) if self.has_failover(&failure)? => {
                    failures.push(self.end_failed_attempt(failure).await?);
                    self.state = RunState::Planning;
                    self.in_flight_job.set_resumable(true);
                }
                result => return result,
            }
        }
    }

    async fn submit_to(
        &mut self,
        upstream: Arc<Upstream>,
        probe: bool,
        (image, is_follow_up): (Option<Arc<ReferenceImage>>, bool),
    ) -> Result<Vec<Candidate>, RunError> {
        let attempt = new_id();
        let request = self.request(&upstream, image.as_ref().map(|held| held.image.clone()), attempt);
        self.upstream = Some(upstream.clone());
        self.in_flight_job.set_resumable(false);
        self.state = RunState::Preparing { attempt, probe, recording: None };
        failpoint::hit("before-sent");
        self.record_attempt(&upstream, attempt, probe, is_follow_up).await?;
        failpoint::hit("after-sent");
        let generation = self.send(upstream, attempt, probe, (request, image)).await?;
        self.state = RunState::Answered { attempt, probe, accepted: false, generation };
        failpoint::hit("after-answer");
        self.follow(attempt).await
    }

    /// Waits until the lease is certain to hold, and asks whether the storage can be used.
    pub(super) async fn await_lease(&mut self) -> Result<(), RunError> {
        while !self.session.is_leased() {
            sleep(LEASE_CHECK_INTERVAL).await;
        }
        // Nothing is bought that could not be stored.
        if let Err(error) = self.context.storage.verify_writable().await {
            metrics::storage_error();
            tracing::warn!(%error, "the storage cannot be used; the submission is deferred");
            return Err(RunError::storage_unavailable(self.context.config.retry_policy));
        }
        Ok(())
    }

    /// Whether a failed request may go to another upstream: it was surely not accepted, and the pool may have another. An
    /// upstream of a catalogue whose key is refused is not used any more, so its job waits even if it is the only one.
    fn has_failover(&self, failure: &Failure) -> Result<bool, RunError> {
        let unaccepted = matches!(self.state.failing_attempt(), Some((_, false)));
        let several = self.pool()?.members.len() > 1;
        let waits = self.context.config.catalogue.from_file && failure.outcome == Outcome::Unauthorised;
        Ok(unaccepted && (several || waits) && is_worth_another_upstream(failure.outcome))
    }

    /// The dialect for which a reference image takes the most memory, of the pool's upstreams.
    fn dialect(&self) -> Result<Dialect, RunError> {
        let members = &self.pool()?.members;
        let upstreams = members.iter().filter_map(|member| self.context.upstreams.named(&member.upstream));
        let mut dialects = upstreams.map(|upstream| upstream.settings.dialect);
        Ok(if dialects.any(|dialect| dialect == Dialect::Chat) { Dialect::Chat } else { Dialect::Videos })
    }

    /// Commits the attempt. Only if this succeeds may the request be sent.
    async fn record_attempt(
        &mut self,
        upstream: &Upstream,
        attempt: AttemptId,
        probe: bool,
        is_follow_up: bool,
    ) -> Result<(), RunError> {
        let cost = self.context.config.catalogue.cost_of(&self.job.model, self.job.seconds);
        let new = NewAttempt {
            id: attempt,
            upstream: upstream.settings.name.clone(),
            sent_at: clock::system_ms(),
            is_follow_up,
            cost,
        };
        let (transitions, claim) = (self.context.transitions.clone(), self.claim);
        let recording = tokio::spawn(async move { transitions.start_attempt(claim, new).await });
        self.state = RunState::Preparing { attempt, probe, recording: Some(recording) };
        let RunState::Preparing { recording, .. } = &mut self.state else { return Err(RunError::NotHeld) };
        let Some(started) = recording else { return Err(RunError::NotHeld) };
        let started = started.await.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())));
        *recording = None;
        match started {
            Ok(AttemptStart::Started(job)) => {
                self.context.publish(&job).await;
                Ok(())
            }
            Ok(AttemptStart::NotHeld) => Err(self.why_not_held().await?),
            Ok(AttemptStart::CapReached(refusal)) => Err(deferred_by(refusal)),
            Err(error) if database::is_transient(&error) => Err(RunError::HandOver),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(
        &mut self,
        upstream: Arc<Upstream>,
        attempt: AttemptId,
        probe: bool,
        (request, image): (Request, Option<Arc<ReferenceImage>>),
    ) -> Result<Box<dyn Generation>, RunError> {
        self.phases.enter(job::Phase::Submitting);
        let receiver = upstream.clone();
        let sending = async move {
            // Counts against the memory for images until the request, which holds a copy, is sent.
            let _image = image;
            receiver.driver.submit(&request).await
        };
        self.state = RunState::Sending { attempt, probe, request: tokio::spawn(sending.in_current_span()) };
        let RunState::Sending { request, .. } = &mut self.state else { return Err(RunError::NotHeld) };
        match request.await {
            Ok(Ok(generation)) => {
                upstream.record_success();
                Ok(generation)
            }
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => Err(Failure::new(Outcome::Unknown, "the task that sent the request ended early").into()),
        }
    }

    /// The request in the upstream's own names.
    fn request(&self, upstream: &Upstream, image: Option<Image>, attempt: AttemptId) -> Request {
        let (job, settings) = (&self.job, &upstream.settings);
        let (seconds, size) = (settings.seconds.of(&job.seconds.to_string()), settings.sizes.of(&job.size));
        let model = self.context.config.catalogue.model(&job.model);
        let model = model.map_or(job.model.as_str(), |model| model.name_at(&settings.name));
        let model = settings.model_template.render(model, job.orientation.as_str(), &seconds, &size);
        let traceparent = trace::traceparent(job, attempt);
        Request { prompt: job.prompt.clone(), model, seconds, size, image, traceparent }
    }

    /// Why an update of the job matched no row: another worker holds the job, or its owner cancelled it.
    async fn why_not_held(&mut self) -> Result<RunError, DbErr> {
        let row = retry_transient("reading a job", || job::by_id(&self.context.db, self.claim.job)).await?;
        let held = |job: job::Model| job.status == Status::Processing && job.epoch == self.claim.epoch;
        Ok(if row.is_some_and(held) { RunError::Cancelled } else { RunError::NotHeld })
    }
}

/// How long a job over budget waits at most before it asks again: the budget may have been raised.
const BUDGET_PAUSE: Duration = Duration::from_secs(3_600);

/// Until a cap or a budget may allow the job.
fn deferred_by(refusal: Refusal) -> RunError {
    let tomorrow = Duration::from_millis(u64::try_from(until_tomorrow()).unwrap_or(0));
    let pause = match refusal {
        Refusal::Submissions => tomorrow,
        Refusal::DayBudget | Refusal::MonthBudget | Refusal::UnknownCost => tomorrow.min(BUDGET_PAUSE),
    };
    let why = match refusal {
        Refusal::Submissions => "the daily limit of submissions is reached",
        Refusal::DayBudget => "the budget of the day is used up",
        Refusal::MonthBudget => "the budget of the month is used up",
        Refusal::UnknownCost => "there is a budget, and the catalogue has no price for the job's model",
    };
    tracing::warn!(seconds = pause.as_secs(), "{why}; the job waits");
    RunError::Deferred(DeferReason::Cap, pause)
}

/// What follows when no upstream is left that can be tried now. `were_all_tried`: none is only held back for the time being.
fn all_refused(failures: Vec<Failure>, were_all_tried: bool) -> RunError {
    match deciding(failures) {
        // An administrator has been told of the refused key; the model may still be offered by those that were not tried.
        Some(failure)
            if failure.outcome == Outcome::Unauthorised
                || (failure.outcome == Outcome::UpstreamGone && !were_all_tried) =>
        {
            RunError::Deferred(DeferReason::Suspended, UNAVAILABLE_PAUSE)
        }
        Some(failure) => failure.into(),
        None => Failure::new(Outcome::UpstreamGone, "the pool of this model has no upstream").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_one_upstream_no_longer_offers_waits_for_those_that_were_not_tried() {
        let refused = |outcomes: &[Outcome], were_all_tried| {
            all_refused(outcomes.iter().map(|outcome| Failure::new(*outcome, "")).collect(), were_all_tried)
        };
        assert!(matches!(refused(&[Outcome::UpstreamGone], false), RunError::Deferred(..)));
        assert!(matches!(refused(&[Outcome::UpstreamGone], true), RunError::Failed(_)));
        for were_all_tried in [true, false] {
            assert!(matches!(refused(&[Outcome::Unauthorised], were_all_tried), RunError::Deferred(..)));
            assert!(matches!(refused(&[Outcome::UpstreamGone, Outcome::Busy], were_all_tried), RunError::Failed(_)));
        }
    }
}
