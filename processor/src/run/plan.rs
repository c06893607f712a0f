//! Decides where a job continues, from its recorded attempts. Pure.
//!
//! The invariant: a request is sent only while the attempts that may have been charged are no more than the resubmissions
//! drawn from the budget. So no crash, at any point, leads to a second charge without consent.

use entity::{AttemptId, attempt, job};
use sora::Outcome;

/// How a job continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Send a request.
    Submit,
    /// Resume a generation that the upstream knows by an id. Nothing is sent.
    Resume(OpenAttempt),
    /// Download the result, which is paid for.
    Download(String),
    /// Fail with this outcome: the attempt ended without a result, and its worker died before it recorded what follows.
    Fail(AttemptId, Outcome),
}

/// A generation that the upstream may still be working on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenAttempt {
    /// The attempt that started it.
    pub(crate) attempt: AttemptId,
    /// The upstream's id for it.
    pub(crate) upstream_id: String,
    /// When the request was sent, epoch ms.
    pub(crate) sent_at: i64,
}

/// Plans `job` from its attempts since its last restart, oldest first. `upstream` is the configured address.
pub(crate) fn plan(job: &job::Model, attempts: &[attempt::Model], upstream: &str) -> Plan {
    let Some(last) = attempts.last() else {
        return Plan::Submit;
    };
    if let Some(url) = &last.result_url {
        return Plan::Download(url.clone());
    }
    if let (Some(upstream_id), None) = (&last.upstream_id, &last.outcome) {
        if last.upstream != upstream {
            return Plan::Fail(last.id, Outcome::UpstreamChanged);
        }
        let (attempt, upstream_id) = (last.id, upstream_id.clone());
        return Plan::Resume(OpenAttempt { attempt, upstream_id, sent_at: last.sent_at });
    }
    let recorded = last.outcome.as_deref().and_then(Outcome::from_name);
    if let Some(outcome) = recorded.filter(|outcome| outcome.is_final()) {
        return Plan::Fail(last.id, outcome);
    }
    let charged = attempts.iter().filter(|attempt| attempt.may_have_been_charged).count();
    let drawn = usize::try_from(job.resubmits).unwrap_or(0);
    if charged <= drawn {
        return Plan::Submit;
    }
    let orphaned = if last.accepted_at.is_some() { Outcome::Interrupted } else { Outcome::Unknown };
    Plan::Fail(last.id, recorded.unwrap_or(orphaned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;
    use testkit::sample_job as job;

    const UP: &str = "https://up.example/v1/videos";

    fn attempt(outcome: Option<&str>) -> attempt::Model {
        attempt::Model {
            id: new_id(),
            job_id: new_id(),
            number: 1,
            epoch: 1,
            upstream: UP.into(),
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
    fn submits_a_new_job() {
        assert_eq!(plan(&job(), &[], UP), Plan::Submit);
    }

    #[test]
    fn submits_again_after_attempts_that_started_nothing() {
        assert_eq!(plan(&job(), &[attempt(Some("busy")), attempt(Some("transient"))], UP), Plan::Submit);
    }

    #[test]
    fn downloads_a_recorded_result() {
        let done = attempt::Model { result_url: Some("https://h/v.mp4".into()), ..attempt(Some("completed")) };
        assert_eq!(plan(&job(), &[done], UP), Plan::Download("https://h/v.mp4".into()));
    }

    #[test]
    fn a_request_whose_worker_died_is_unknown_or_interrupted() {
        let sent = attempt(None);
        assert_eq!(plan(&job(), std::slice::from_ref(&sent), UP), Plan::Fail(sent.id, Outcome::Unknown));
        let accepted = attempt::Model { accepted_at: Some(1), ..attempt(None) };
        assert_eq!(plan(&job(), std::slice::from_ref(&accepted), UP), Plan::Fail(accepted.id, Outcome::Interrupted));
    }

    #[test]
    fn a_crash_between_outcome_and_budget_does_not_resubmit() {
        let interrupted = attempt(Some("interrupted"));
        let crashed = plan(&job(), std::slice::from_ref(&interrupted), UP);
        assert_eq!(crashed, Plan::Fail(interrupted.id, Outcome::Interrupted));
        let drawn = job::Model { resubmits: 1, ..job() };
        assert_eq!(plan(&drawn, std::slice::from_ref(&interrupted), UP), Plan::Submit);
        assert_eq!(plan(&drawn, &[interrupted, attempt(Some("busy"))], UP), Plan::Submit);
    }

    #[test]
    fn resumes_a_generation_with_an_id_and_never_resubmits_it() {
        let open = attempt::Model { upstream_id: Some("video_1".into()), accepted_at: Some(1), ..attempt(None) };
        let resumed = plan(&job(), std::slice::from_ref(&open), UP);
        assert_eq!(resumed, Plan::Resume(OpenAttempt { attempt: open.id, upstream_id: "video_1".into(), sent_at: 0 }));
        let changed = plan(&job(), std::slice::from_ref(&open), "https://other.example/v1/videos");
        assert_eq!(changed, Plan::Fail(open.id, Outcome::UpstreamChanged));
    }

    #[test]
    fn a_crash_after_a_refusal_fails_the_job_as_refused() {
        for charged in [true, false] {
            let refused = attempt::Model { may_have_been_charged: charged, ..attempt(Some("refused")) };
            assert_eq!(plan(&job(), std::slice::from_ref(&refused), UP), Plan::Fail(refused.id, Outcome::Refused));
        }
    }
}
