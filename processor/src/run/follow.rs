//! Follows a generation to its end, commits what it reports, and publishes its progress.

use std::time::Duration;

use entity::{AttemptId, attempt, attempt_result, clock};
use sora::{Candidate, Event, Failure, OpenGeneration, Outcome, rank};
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use super::plan::OpenAttempt;
use super::state::RunState;
use super::{JobRun, RunError};
use crate::progress::Progress;
use crate::retry_transient::retry_transient;
use crate::{failpoint, metrics, trace};

/// The least time for which a resumed generation is followed. It is paid for, and its age is wrong if a clock was set.
const MIN_RESUMED: Duration = Duration::from_secs(600);

impl JobRun<'_> {
    /// Resumes a generation that an earlier run started. Nothing is submitted.
    pub(super) async fn resume(&mut self, open: OpenAttempt) -> Result<Vec<Candidate>, RunError> {
        let age = u64::try_from(clock::system_ms() - open.sent_at).map_or(Duration::ZERO, Duration::from_millis);
        let Some(upstream) = self.context.upstreams.recorded(&open.upstream).cloned() else {
            self.state = RunState::Orphaned { attempt: open.attempt, accepted: true };
            return Err(Failure::new(Outcome::UpstreamChanged, "the upstream is not configured any more").into());
        };
        self.upstream = Some(upstream.clone());
        self.keep_place(&upstream).await;
        let age = age.min(upstream.settings.timeouts.total.saturating_sub(MIN_RESUMED));
        let traceparent = trace::traceparent(&self.job, open.attempt);
        let (id, prompt) = (open.upstream_id.as_str(), self.job.prompt.as_str());
        let traceparent = traceparent.as_deref();
        let Some(generation) = upstream.driver.resume(OpenGeneration { id, prompt, age, traceparent }) else {
            self.state = RunState::Orphaned { attempt: open.attempt, accepted: true };
            return Err(Failure::new(Outcome::Interrupted, "this dialect cannot resume a generation").into());
        };
        self.state = RunState::Open { attempt: open.attempt, generation };
        self.in_flight_job.set_resumable(true);
        tracing::info!("resuming a generation");
        self.follow(open.attempt).await
    }

    /// Follows the current generation to its end, and ends its attempt. Returns where its result may be, in the order of
    /// trying. Each fact about money is committed before the next step.
    pub(super) async fn follow(&mut self, attempt: AttemptId) -> Result<Vec<Candidate>, RunError> {
        let mut candidates = Vec::new();
        if let Err(error) = self.await_end(attempt, &mut candidates).await
            && !is_cut_short(&error, &candidates)
        {
            return Err(error);
        }
        let ranked = rank(candidates);
        let missing = || Failure::new(Outcome::Interrupted, "finished without a result");
        let best = ranked.first().ok_or_else(missing)?.url.as_str();
        let transitions = &self.context.transitions;
        retry_transient("recording a result", || transitions.complete_attempt(attempt, best.to_owned())).await?;
        failpoint::hit("after-result");
        metrics::attempt_finished(attempt::COMPLETED);
        if let Some(generation) = self.state.deliver() {
            tokio::spawn(generation.close().in_current_span());
        }
        Ok(ranked)
    }

    async fn await_end(&mut self, attempt: AttemptId, candidates: &mut Vec<Candidate>) -> Result<(), RunError> {
        let mut progress = Progress::new();
        loop {
            let due = progress.due();
            let Some(generation) = self.state.generation() else { return Err(RunError::NotHeld) };
            tokio::select! {
                event = generation.next() => {
                    let event = event?;
                    progress.observe(&event);
                    match event {
                        Event::Accepted(upstream_id) => self.record_acceptance(attempt, upstream_id).await?,
                        Event::Candidate(candidate) => {
                            self.record_candidate(attempt, &candidate).await?;
                            candidates.push(candidate);
                        }
                        Event::Finished => return Ok(()),
                        Event::Queued | Event::Generating | Event::Progress(_) => {}
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let (phase, percent) = progress.take(Instant::now());
                    self.phases.enter(phase);
                    if progress.should_log() {
                        tracing::info!(progress = percent, phase = phase.as_str(), "progress");
                    }
                    self.advance(phase, percent).await?;
                }
            }
        }
    }

    async fn record_candidate(&mut self, attempt: AttemptId, candidate: &Candidate) -> Result<(), RunError> {
        let (db, url, source) = (&self.context.db, candidate.url.as_str(), candidate.source.as_str());
        retry_transient("recording an address", || attempt_result::record(db, attempt, url, source)).await?;
        Ok(())
    }

    async fn record_acceptance(&mut self, attempt: AttemptId, upstream_id: Option<String>) -> Result<(), RunError> {
        self.state.accept();
        let transitions = &self.context.transitions;
        retry_transient("recording acceptance", || transitions.record_accepted(attempt, upstream_id.clone())).await?;
        failpoint::hit("after-accepted");
        if let Some(upstream) = &self.upstream {
            upstream.suspension.record_readable(&self.context.db).await;
        }
        if upstream_id.is_some() {
            self.state.open();
            self.in_flight_job.set_resumable(true);
        }
        Ok(())
    }
}

/// Whether a generation that failed had named its result before: then the download decides. What ended for good, such as a
/// refusal, has no result.
fn is_cut_short(error: &RunError, candidates: &[Candidate]) -> bool {
    let RunError::Failed(failure) = error else { return false };
    !failure.outcome.is_final() && candidates.iter().any(|candidate| candidate.source.is_credible())
}
