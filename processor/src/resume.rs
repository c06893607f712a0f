//! What the attempts on record allow: where a job that was begun before goes on. Pure.
//!
//! The rule that stands above all: a request is sent only while the requests that may have cost money are no more than
//! the resubmissions drawn from the budget. So whatever a crash tore apart, nothing is bought twice unasked.

use entity::{AttemptId, attempt, job};
use sora::Outcome;

/// Where a job goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Send a request.
    Submit,
    /// The result is there and paid for: only fetch it.
    Fetch(String),
    /// This attempt may have cost money and brought nothing, and its budget is not drawn yet.
    Lost(AttemptId, Outcome),
}

/// The plan for `job` by those of its attempts that count, first to last.
pub(crate) fn plan(job: &job::Model, attempts: &[attempt::Model]) -> Plan {
    let Some(last) = attempts.last() else {
        return Plan::Submit;
    };
    if let Some(url) = &last.result_url {
        return Plan::Fetch(url.clone());
    }
    let charged = attempts.iter().filter(|attempt| attempt.may_have_been_charged).count();
    let drawn = usize::try_from(job.resubmits).unwrap_or(0);
    if charged <= drawn {
        return Plan::Submit;
    }
    let outcome = match (last.outcome.as_deref(), last.accepted_at) {
        (Some("stalled"), _) => Outcome::Stalled,
        (Some("timed_out"), _) => Outcome::TimedOut,
        (Some("interrupted"), _) | (None, Some(_)) => Outcome::Interrupted,
        _ => Outcome::Unknown,
    };
    Plan::Lost(last.id, outcome)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use entity::id::fresh;
    use entity::job::{Orientation, Status};

    pub(crate) fn job() -> job::Model {
        job::Model {
            id: fresh(),
            user_id: fresh(),
            prompt: "a sunset".into(),
            orientation: Orientation::Landscape,
            seconds: 10,
            model: "sora2".into(),
            status: Status::Processing,
            phase: None,
            progress: 0,
            seq: 1,
            epoch: 1,
            worker_id: None,
            retries: 0,
            resubmits: 0,
            fetches: 0,
            crashes: 0,
            attempts_from: 1,
            cancel_requested_at: None,
            next_attempt_at: None,
            video_id: None,
            error_code: None,
            error_message: None,
            may_have_been_charged: false,
            traceparent: None,
            created_at: 0,
            started_at: None,
            finished_at: None,
        }
    }

    fn attempt(outcome: Option<&str>) -> attempt::Model {
        attempt::Model {
            id: fresh(),
            job_id: fresh(),
            number: 1,
            epoch: 1,
            upstream: String::new(),
            sent_at: 0,
            accepted_at: None,
            upstream_id: None,
            result_url: None,
            outcome: outcome.map(Into::into),
            detail: None,
            finished_at: None,
            may_have_been_charged: !matches!(outcome, Some("transient" | "busy")),
        }
    }

    #[test]
    fn a_new_job_is_submitted() {
        assert_eq!(plan(&job(), &[]), Plan::Submit);
    }

    #[test]
    fn what_was_refused_is_submitted_again() {
        assert_eq!(plan(&job(), &[attempt(Some("busy")), attempt(Some("transient"))]), Plan::Submit);
    }

    #[test]
    fn a_result_on_record_is_only_fetched() {
        let done = attempt::Model { result_url: Some("https://h/v.mp4".into()), ..attempt(Some("completed")) };
        assert_eq!(plan(&job(), &[done]), Plan::Fetch("https://h/v.mp4".into()));
    }

    #[test]
    fn a_request_whose_sender_died_is_unknown_or_interrupted() {
        let sent = attempt(None);
        assert_eq!(plan(&job(), std::slice::from_ref(&sent)), Plan::Lost(sent.id, Outcome::Unknown));
        let accepted = attempt::Model { accepted_at: Some(1), ..attempt(None) };
        assert_eq!(plan(&job(), std::slice::from_ref(&accepted)), Plan::Lost(accepted.id, Outcome::Interrupted));
    }

    #[test]
    fn a_crash_between_outcome_and_budget_buys_nothing() {
        let interrupted = attempt(Some("interrupted"));
        let torn = plan(&job(), std::slice::from_ref(&interrupted));
        assert_eq!(torn, Plan::Lost(interrupted.id, Outcome::Interrupted));
        let drawn = job::Model { resubmits: 1, ..job() };
        assert_eq!(plan(&drawn, std::slice::from_ref(&interrupted)), Plan::Submit);
        assert_eq!(plan(&drawn, &[interrupted, attempt(Some("busy"))]), Plan::Submit);
    }
}
