//! Sends one request. Its attempt is committed before the request's first byte is sent.

use std::time::Duration;

use entity::attempt::NewAttempt;
use entity::id::new_id;
use entity::job::{self, AttemptStart, Status};
use entity::submission::until_tomorrow;
use entity::{AttemptId, DbErr, clock, database};
use sora::{Candidate, Failure, Generation, Image, Outcome, Request};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::reference_image::reference_image;
use super::state::RunState;
use super::{JobRun, RunError};
use crate::metrics::{self, DeferReason};
use crate::retry_transient::retry_transient;
use crate::upstream::breaker::Admission;
use crate::{failpoint, trace};

/// How often an unrenewed lease is checked again.
const LEASE_CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a job waits before it asks again whether the upstream is still suspended.
const SUSPENDED_PAUSE: Duration = Duration::from_secs(15);

impl JobRun<'_> {
    /// Sends a request and follows its generation. Returns where its result may be.
    pub(super) async fn submit(&mut self) -> Result<Vec<Candidate>, RunError> {
        self.in_flight_job.set_resumable(true);
        let image = reference_image(self.context, self.job.reference_image_id).await?;
        let attempt = new_id();
        let (image, memory) = image.map(|held| (held.image, held.memory)).unzip();
        let request = self.request(image, attempt);
        let probe = self.await_admission().await?;
        self.in_flight_job.set_resumable(false);
        self.state = RunState::Preparing { attempt, probe, recording: None };
        failpoint::hit("before-sent");
        self.record_attempt(attempt, probe).await?;
        failpoint::hit("after-sent");
        let generation = self.send(attempt, probe, (request, memory)).await?;
        self.state = RunState::Answered { attempt, probe, accepted: false, generation };
        failpoint::hit("after-answer");
        self.follow(attempt).await
    }

    /// Waits until the lease is certain to hold, then asks whether the storage can be used, whether the upstream is suspended,
    /// and the circuit breaker.
    /// Returns whether the request is the breaker's probe.
    async fn await_admission(&mut self) -> Result<bool, RunError> {
        while !self.session.is_leased() {
            sleep(LEASE_CHECK_INTERVAL).await;
        }
        // Nothing is bought that could not be stored.
        if let Err(error) = self.context.storage.verify_writable().await {
            metrics::storage_error();
            tracing::warn!(%error, "the storage cannot be used; the submission is deferred");
            return Err(RunError::storage_unavailable(self.context.config.retry_policy));
        }
        if self.context.suspension.is_suspended(&self.context.db, self.context.upstream_address()).await? {
            return Err(RunError::Deferred(DeferReason::Suspended, SUSPENDED_PAUSE));
        }
        match self.context.breaker().admission(self.job.user_id, Instant::now()) {
            Admission::Granted => Ok(false),
            Admission::Probe => Ok(true),
            Admission::Wait(pause) => Err(RunError::Deferred(DeferReason::Breaker, pause)),
        }
    }

    /// Commits the attempt. Only if this succeeds may the request be sent.
    async fn record_attempt(&mut self, attempt: AttemptId, probe: bool) -> Result<(), RunError> {
        let upstream = self.context.upstream_address().to_owned();
        let new = NewAttempt { id: attempt, upstream, sent_at: clock::system_ms() };
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
            Ok(AttemptStart::CapReached) => {
                tracing::warn!("daily limit of submissions reached; the job waits until tomorrow");
                let pause = Duration::from_millis(u64::try_from(until_tomorrow()).unwrap_or(0));
                Err(RunError::Deferred(DeferReason::Cap, pause))
            }
            Err(error) if database::is_transient(&error) => Err(RunError::HandOver),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(
        &mut self,
        attempt: AttemptId,
        probe: bool,
        (request, memory): (Request, Option<OwnedSemaphorePermit>),
    ) -> Result<Box<dyn Generation>, RunError> {
        let driver = self.context.driver.clone();
        self.phases.enter(job::Phase::Submitting);
        let sending = async move {
            // Ends with the request, which holds the image.
            let _memory = memory;
            driver.submit(&request).await
        };
        self.state = RunState::Sending { attempt, probe, request: tokio::spawn(sending.in_current_span()) };
        let RunState::Sending { request, .. } = &mut self.state else { return Err(RunError::NotHeld) };
        match request.await {
            Ok(Ok(generation)) => {
                self.context.record_upstream_success();
                Ok(generation)
            }
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => Err(Failure::new(Outcome::Unknown, "the task that sent the request ended early").into()),
        }
    }

    /// The request in the upstream's own names.
    fn request(&self, image: Option<Image>, attempt: AttemptId) -> Request {
        let (job, names) = (&self.job, &self.context.config.names);
        let (seconds, size) = (names.seconds.of(&job.seconds.to_string()), names.sizes.of(&job.size));
        let model = names.model.render(&job.model, job.orientation.as_str(), &seconds, &size);
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
