//! The processor's metrics, and the functions that record them.

use ::metrics::{counter, gauge, histogram};
use entity::job::{Model, Phase, RetryBudget, Status};
use entity::webhook_delivery::NextStep;
use service::metrics::{JOB_SECONDS, Metric};
use sora::Outcome;
use tokio::time::Instant;

/// All metrics, in the order of docs/OPERATIONS.md.
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter("sora_jobs_ended_total", "Jobs that reached a final state, by `outcome`.")
        .with_label("outcome", &JOB_OUTCOMES),
    Metric::histogram("sora_job_queue_seconds", JOB_SECONDS, "Time from a job's creation until it is first claimed."),
    Metric::histogram("sora_job_phase_seconds", JOB_SECONDS, "Time that jobs spent in each `phase`.")
        .with_label("phase", &["submitting", "queued", "generating", "downloading"]),
    Metric::histogram(
        "sora_job_duration_seconds",
        JOB_SECONDS,
        "Time from a job's creation until its video is stored.",
    ),
    Metric::gauge("sora_jobs_in_hand", "Jobs that this process is running."),
    Metric::gauge("sora_slots", "Maximum number of jobs that this process runs at a time."),
    Metric::counter("sora_attempts_ended_total", "Attempts that ended, by `outcome`.")
        .with_label("outcome", &ATTEMPT_OUTCOMES),
    Metric::counter(
        "sora_upstream_requests_total",
        "HTTP requests to the upstream, by `call` and `status` (`none`: no response).",
    )
    .with_dynamic_labels(),
    Metric::counter(
        "sora_retries_total",
        "Further tries, by the `budget` that they used; `resubmit` may be charged again.",
    )
    .with_label("budget", &["retry", "resubmit", "fetch"]),
    Metric::counter("sora_jobs_put_off_total", "Jobs deferred without using a budget, by `reason`.")
        .with_label("reason", &["breaker", "cap", "storage", "suspended"]),
    Metric::gauge(
        "sora_database_outdated",
        "1 while the database is an older copy, with which no job is started, otherwise 0.",
    ),
    Metric::gauge(
        "sora_upstream_breaker_open",
        "1 while the circuit breaker holds back new submissions to the `upstream`, otherwise 0.",
    )
    .with_dynamic_labels(),
    Metric::gauge(
        "sora_upstream_refuses",
        "1 while the `upstream` rejects the token or no longer offers the model, otherwise 0.",
    )
    .with_dynamic_labels(),
    Metric::counter("sora_upstream_unreadable_total", "Answers of the `upstream` that could not be read.")
        .with_dynamic_labels(),
    Metric::gauge(
        "sora_upstream_suspended",
        "1 while submissions to the `upstream` are suspended because answers could not be read, otherwise 0.",
    )
    .with_dynamic_labels(),
    Metric::counter("sora_video_stored_bytes_total", "Bytes of videos downloaded and stored."),
    Metric::counter("sora_storage_errors_total", "Failed reads and writes of files in the storage."),
    Metric::counter(
        "sora_entries_reclaimed_total",
        "Stream entries reclaimed from consumers that stopped renewing them.",
    ),
    Metric::counter("sora_jobs_restored_total", "Jobs that the reconciler enqueued because Redis did not hold them."),
    Metric::counter("sora_workers_buried_total", "Expired workers whose jobs this process requeued."),
    Metric::counter(
        "sora_leases_lost_total",
        "Times that this process's lease expired and it registered as a new worker.",
    ),
    Metric::counter("sora_webhook_attempts_total", "Webhooks sent, by `result`; `given_up`: the last attempt failed.")
        .with_label("result", &["delivered", "failed", "given_up"]),
    Metric::counter(
        "sora_webhook_endpoints_disabled_total",
        "Webhook endpoints disabled because they failed for three days or answered 410.",
    ),
    Metric::gauge("sora_bus_listening", "1 while the process is subscribed to Redis pub/sub, otherwise 0."),
    Metric::counter("sora_bus_losses_total", "Subscriptions to Redis that were lost or could not be opened."),
    Metric::counter(
        "sora_bus_probe_misses_total",
        "Probe messages that the process did not receive back over an open subscription.",
    ),
];

const ATTEMPT_OUTCOMES: [&str; Outcome::ALL.len() + 2] = with_outcomes(["completed", "cancelled"]);

/// `poison`: the workers that ran the job kept dying.
const JOB_OUTCOMES: [&str; Outcome::ALL.len() + 3] = with_outcomes(["completed", "cancelled", "poison"]);

/// The given names, followed by those of all outcomes.
const fn with_outcomes<const FIRST: usize, const ALL: usize>(first: [&'static str; FIRST]) -> [&'static str; ALL] {
    let mut names = [""; ALL];
    let mut at = 0;
    while at < ALL {
        names[at] = if at < FIRST { first[at] } else { Outcome::ALL[at - FIRST].name() };
        at += 1;
    }
    names
}

/// Why a job is deferred without drawing on a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeferReason {
    /// The circuit breaker is open.
    Breaker,
    /// A daily limit of submissions is reached.
    Cap,
    /// The storage cannot be read or written.
    Storage,
    /// The upstream's answers could not be read, and no administrator has resumed it.
    Suspended,
}

/// Records how long a job waited, if this is its first claim.
pub(crate) fn job_claimed(job: &Model) {
    if let Some(started) = job.started_at.filter(|_| job.epoch == 1) {
        histogram!("sora_job_queue_seconds").record(seconds(started - job.created_at));
    }
}

/// Counts a job if its committed state is final.
pub(crate) fn job_finished(job: &Model) {
    let outcome = match (job.status, job.error_code.as_deref()) {
        (Status::Pending | Status::Processing, _) => return,
        (Status::Completed, _) => "completed",
        (Status::Cancelled, _) => "cancelled",
        (Status::Failed, Some(code)) => Outcome::from_name(code).map_or("poison", Outcome::name),
        (Status::Failed, None) => "poison",
    };
    counter!("sora_jobs_ended_total", "outcome" => outcome).increment(1);
    if let Some(finished) = job.finished_at.filter(|_| job.status == Status::Completed) {
        histogram!("sora_job_duration_seconds").record(seconds(finished - job.created_at));
    }
}

/// Counts an attempt that ended.
pub(crate) fn attempt_finished(outcome: &'static str) {
    counter!("sora_attempts_ended_total", "outcome" => outcome).increment(1);
}

/// Counts a retry.
pub(crate) fn job_retried(budget: RetryBudget) {
    let budget = match budget {
        RetryBudget::Retry => "retry",
        RetryBudget::Resubmit => "resubmit",
        RetryBudget::Fetch => "fetch",
    };
    counter!("sora_retries_total", "budget" => budget).increment(1);
}

/// Counts a deferral.
pub(crate) fn job_deferred(reason: DeferReason) {
    let reason = match reason {
        DeferReason::Breaker => "breaker",
        DeferReason::Cap => "cap",
        DeferReason::Storage => "storage",
        DeferReason::Suspended => "suspended",
    };
    counter!("sora_jobs_put_off_total", "reason" => reason).increment(1);
}

/// Counts the bytes of a stored video.
pub(crate) fn video_stored(size: i64) {
    counter!("sora_video_stored_bytes_total").increment(u64::try_from(size).unwrap_or(0));
}

/// Sets the number of jobs in flight.
#[allow(clippy::cast_precision_loss, reason = "slots are few")]
pub(crate) fn in_flight(jobs: usize) {
    gauge!("sora_jobs_in_hand").set(jobs as f64);
}

/// Sets how many jobs this process may run at a time.
#[allow(clippy::cast_precision_loss, reason = "slots are few")]
pub(crate) fn slots(slots: usize) {
    gauge!("sora_slots").set(slots as f64);
}

/// Sets whether the database is an older copy.
pub(crate) fn database_outdated(outdated: bool) {
    gauge!("sora_database_outdated").set(u8::from(outdated));
}

/// Sets whether the circuit breaker is open.
pub(crate) fn breaker_open(upstream: &str, open: bool) {
    gauge!("sora_upstream_breaker_open", "upstream" => upstream.to_owned()).set(u8::from(open));
}

/// Sets whether the upstream refuses the key or the model.
pub(crate) fn upstream_refuses(upstream: &str, refuses: bool) {
    gauge!("sora_upstream_refuses", "upstream" => upstream.to_owned()).set(u8::from(refuses));
}

/// Counts an answer that could not be read.
pub(crate) fn upstream_unreadable(upstream: &str) {
    counter!("sora_upstream_unreadable_total", "upstream" => upstream.to_owned()).increment(1);
}

/// Shows the counter of answers that could not be read, also while it is 0.
pub(crate) fn declare_unreadable(upstream: &str) {
    counter!("sora_upstream_unreadable_total", "upstream" => upstream.to_owned()).increment(0);
}

/// Sets whether submissions to the upstream are suspended.
pub(crate) fn upstream_suspended(upstream: &str, suspended: bool) {
    gauge!("sora_upstream_suspended", "upstream" => upstream.to_owned()).set(u8::from(suspended));
}

/// Counts a file that the storage failed to read or write.
pub(crate) fn storage_error() {
    counter!("sora_storage_errors_total").increment(1);
}

/// Counts an attempt to deliver a webhook.
pub(crate) fn webhook_attempted(next: NextStep) {
    let result = match next {
        NextStep::Done => "delivered",
        NextStep::RetryAfter(_) => "failed",
        NextStep::GiveUp | NextStep::Disable => "given_up",
    };
    counter!("sora_webhook_attempts_total", "result" => result).increment(1);
}

/// Counts an endpoint that was disabled because its attempts failed.
pub(crate) fn webhook_endpoint_disabled() {
    counter!("sora_webhook_endpoints_disabled_total").increment(1);
}

/// Counts entries reclaimed from unresponsive consumers.
pub(crate) fn entries_reclaimed(entries: usize) {
    counter!("sora_entries_reclaimed_total").increment(entries as u64);
}

/// Counts jobs enqueued because Redis did not hold them.
pub(crate) fn jobs_restored(jobs: u64) {
    counter!("sora_jobs_restored_total").increment(jobs);
}

/// Counts a worker whose lease ran out and whose jobs this one requeued.
pub(crate) fn worker_reaped() {
    counter!("sora_workers_buried_total").increment(1);
}

/// Counts the loss of this process's own lease.
pub(crate) fn lease_lost() {
    counter!("sora_leases_lost_total").increment(1);
}

/// Measures how long a job spends in each phase. A phase that the job leaves by failing is not recorded.
#[derive(Debug, Default)]
pub(crate) struct PhaseTimer(Option<(Phase, Instant)>);

impl PhaseTimer {
    /// Starts `phase` and ends the one before, unless the job is in `phase` already.
    pub(crate) fn enter(&mut self, phase: Phase) {
        if self.0.is_none_or(|(current, _)| current != phase) {
            self.end();
            self.0 = Some((phase, Instant::now()));
        }
    }

    /// Ends the current phase.
    pub(crate) fn end(&mut self) {
        if let Some((phase, started)) = self.0.take() {
            histogram!("sora_job_phase_seconds", "phase" => phase.as_str()).record(started.elapsed());
        }
    }
}

/// Converts a difference between two clocks, which may disagree, to seconds.
#[allow(clippy::cast_precision_loss, reason = "no job takes 2⁵³ ms")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds.max(0) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_a_label_value() {
        for outcome in Outcome::ALL {
            assert!(
                ATTEMPT_OUTCOMES.contains(&outcome.name()) && JOB_OUTCOMES.contains(&outcome.name()),
                "{outcome:?}"
            );
        }
        assert!(
            JOB_OUTCOMES[..3] == ["completed", "cancelled", "poison"]
                && JOB_OUTCOMES.iter().all(|name| !name.is_empty())
        );
    }
}
