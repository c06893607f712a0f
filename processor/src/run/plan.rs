//! Decides where a job continues, from its recorded attempts. Pure.
//!
//! The invariant: a request is sent only while the attempts that may have been charged are no more than the resubmissions
//! drawn from the budget. So no crash, at any point, leads to a second charge without consent.

use entity::{AttemptId, attempt, attempt_result, job};
use sora::{Candidate, CandidateSource, Outcome, rank};
use url::Url;

use super::choose::is_worth_another_upstream;

/// How a job continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Send a request.
    Submit,
    /// Resume a generation that the upstream knows by an id. Nothing is sent.
    Resume(OpenAttempt),
    /// Download the result, which is paid for, from the first of these addresses that brings it. With the upstream on record.
    Download(String, Vec<Candidate>),
    /// Fail with this outcome: the attempt ended without a result, and its worker died before it recorded what follows.
    Fail(AttemptId, Outcome),
}

/// A generation that the upstream may still be working on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenAttempt {
    /// The attempt that started it.
    pub(crate) attempt: AttemptId,
    /// The upstream on record.
    pub(crate) upstream: String,
    /// The upstream's id for it.
    pub(crate) upstream_id: String,
    /// When the request was sent, epoch ms.
    pub(crate) sent_at: i64,
}

/// Plans `job` from its attempts since its last restart, oldest first. `results` are the addresses that these attempts
/// have on record, `has_failover` tells whether another upstream may accept what one has refused, and `is_known` whether an
/// upstream on record is still configured.
pub(crate) fn plan(
    job: &job::Model,
    attempts: &[attempt::Model],
    results: &[attempt_result::Model],
    has_failover: bool,
    is_known: impl Fn(&str) -> bool,
) -> Plan {
    let Some(last) = attempts.last() else {
        return Plan::Submit;
    };
    if let Some(delivered) = attempts.iter().rev().find(|attempt| attempt.result_url.is_some()) {
        return Plan::Download(delivered.upstream.clone(), candidates(delivered, results));
    }
    if let (Some(upstream_id), None, true) = (&last.upstream_id, &last.outcome, is_known(&last.upstream)) {
        let (attempt, upstream, upstream_id) = (last.id, last.upstream.clone(), upstream_id.clone());
        return Plan::Resume(OpenAttempt { attempt, upstream, upstream_id, sent_at: last.sent_at });
    }
    let recorded = last.outcome.as_deref().and_then(Outcome::from_name);
    let is_refused_elsewhere =
        |outcome: Outcome| has_failover && is_worth_another_upstream(outcome) && !last.may_have_been_charged;
    if let Some(outcome) = recorded.filter(|outcome| outcome.is_final() && !is_refused_elsewhere(*outcome)) {
        return Plan::Fail(last.id, outcome);
    }
    // The attempt was cut short after its result had been named.
    let named = candidates(last, results);
    if named.iter().any(|candidate| candidate.source.is_credible()) {
        return Plan::Download(last.upstream.clone(), named);
    }
    if last.upstream_id.is_some() && last.outcome.is_none() {
        return Plan::Fail(last.id, Outcome::UpstreamChanged);
    }
    let charged = attempts.iter().filter(|attempt| attempt.may_have_been_charged).count();
    let drawn = usize::try_from(job.resubmits).unwrap_or(0);
    if charged <= drawn {
        return Plan::Submit;
    }
    let orphaned = if last.accepted_at.is_some() { Outcome::Interrupted } else { Outcome::Unknown };
    Plan::Fail(last.id, recorded.unwrap_or(orphaned))
}

/// Where the result of `attempt` may be, in the order of trying: what administrators added comes first.
fn candidates(attempt: &attempt::Model, results: &[attempt_result::Model]) -> Vec<Candidate> {
    let of_attempt = || results.iter().filter(|result| result.attempt_id == attempt.id);
    let added = of_attempt().rev().filter(|result| result.source == attempt_result::ADMIN);
    let added = added.filter_map(|result| candidate(&result.url, CandidateSource::Field));
    let named = of_attempt().filter_map(|result| candidate(&result.url, result.source.parse().ok()?));
    let chosen = attempt.result_url.iter().filter_map(|url| candidate(url, CandidateSource::Link));
    let mut all: Vec<_> = added.collect();
    for candidate in rank(named.chain(chosen).collect()) {
        if all.iter().all(|known| known.url != candidate.url) {
            all.push(candidate);
        }
    }
    all
}

fn candidate(url: &str, source: CandidateSource) -> Option<Candidate> {
    Url::parse(url).ok().map(|url| Candidate { url, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;
    use testkit::sample_job as job;

    const UP: &str = "https://up.example/v1/videos";

    fn is_up(upstream: &str) -> bool {
        upstream == UP
    }

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
            evidence: None,
            cost: None,
            currency: None,
        }
    }

    #[test]
    fn submits_a_new_job() {
        assert_eq!(plan(&job(), &[], &[], false, is_up), Plan::Submit);
    }

    #[test]
    fn submits_again_after_attempts_that_started_nothing() {
        assert_eq!(plan(&job(), &[attempt(Some("busy")), attempt(Some("transient"))], &[], false, is_up), Plan::Submit);
    }

    #[test]
    fn downloads_a_recorded_result() {
        let done = attempt::Model { result_url: Some("https://h/v.mp4".into()), ..attempt(Some("completed")) };
        let Plan::Download(_, from) = plan(&job(), &[done], &[], false, is_up) else { panic!("not downloaded") };
        assert_eq!(urls(&from), ["https://h/v.mp4"]);
    }

    fn result(attempt: &attempt::Model, position: i32, url: &str, source: &str) -> attempt_result::Model {
        let (url, source) = (url.to_owned(), source.to_owned());
        attempt_result::Model { attempt_id: attempt.id, position, url, source, added_by: None, created_at: 0 }
    }

    fn urls(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.url.as_str()).collect()
    }

    #[test]
    fn downloads_from_all_recorded_addresses_best_first() {
        let done = attempt::Model { result_url: Some("https://h/field".into()), ..attempt(Some("completed")) };
        let results = [
            result(&done, 1, "https://h/page", "link"),
            result(&done, 2, "https://h/field", "field"),
            result(&done, 3, "https://h/found", attempt_result::ADMIN),
            result(&done, 4, "not an address", "field"),
            result(&attempt(None), 1, "https://h/of-another-attempt", "field"),
        ];
        let Plan::Download(_, from) = plan(&job(), &[done, attempt(Some("interrupted"))], &results, false, is_up)
        else {
            panic!("not downloaded")
        };
        assert_eq!(urls(&from), ["https://h/found", "https://h/field", "https://h/page"]);
    }

    #[test]
    fn a_generation_cut_short_after_naming_its_result_is_downloaded_and_a_mere_link_is_not_enough() {
        let sent = attempt::Model { accepted_at: Some(1), ..attempt(None) };
        let elsewhere =
            attempt::Model { upstream_id: Some("id".into()), upstream: "https://old/".into(), ..sent.clone() };
        for cut in [sent, elsewhere, attempt(Some("stalled"))] {
            let link = [result(&cut, 1, "https://h/page", "link")];
            assert!(matches!(plan(&job(), std::slice::from_ref(&cut), &link, false, is_up), Plan::Fail(..)));
            let video = [result(&cut, 1, "https://h/v.mp4", "video_link")];
            assert!(matches!(plan(&job(), std::slice::from_ref(&cut), &video, false, is_up), Plan::Download(..)));
        }
        let refused = attempt(Some("refused"));
        let video = [result(&refused, 1, "https://h/v.mp4", "video_link")];
        assert_eq!(
            plan(&job(), std::slice::from_ref(&refused), &video, false, is_up),
            Plan::Fail(refused.id, Outcome::Refused)
        );
    }

    #[test]
    fn a_request_whose_worker_died_is_unknown_or_interrupted() {
        let sent = attempt(None);
        assert_eq!(plan(&job(), std::slice::from_ref(&sent), &[], false, is_up), Plan::Fail(sent.id, Outcome::Unknown));
        let accepted = attempt::Model { accepted_at: Some(1), ..attempt(None) };
        assert_eq!(
            plan(&job(), std::slice::from_ref(&accepted), &[], false, is_up),
            Plan::Fail(accepted.id, Outcome::Interrupted)
        );
    }

    #[test]
    fn a_crash_between_outcome_and_budget_does_not_resubmit() {
        let interrupted = attempt(Some("interrupted"));
        let crashed = plan(&job(), std::slice::from_ref(&interrupted), &[], false, is_up);
        assert_eq!(crashed, Plan::Fail(interrupted.id, Outcome::Interrupted));
        let drawn = job::Model { resubmits: 1, ..job() };
        assert_eq!(plan(&drawn, std::slice::from_ref(&interrupted), &[], false, is_up), Plan::Submit);
        assert_eq!(plan(&drawn, &[interrupted, attempt(Some("busy"))], &[], false, is_up), Plan::Submit);
    }

    #[test]
    fn resumes_a_generation_with_an_id_and_never_resubmits_it() {
        let open = attempt::Model { upstream_id: Some("video_1".into()), accepted_at: Some(1), ..attempt(None) };
        let resumed = plan(&job(), std::slice::from_ref(&open), &[], false, is_up);
        assert_eq!(
            resumed,
            Plan::Resume(OpenAttempt {
                attempt: open.id,
                upstream: UP.into(),
                upstream_id: "video_1".into(),
                sent_at: 0
            })
        );
        let changed = plan(&job(), std::slice::from_ref(&open), &[], false, |_| false);
        assert_eq!(changed, Plan::Fail(open.id, Outcome::UpstreamChanged));
    }

    #[test]
    fn a_refused_key_is_final_unless_another_upstream_may_accept_the_request() {
        for outcome in ["unauthorised", "upstream_gone"] {
            let refused = attempt::Model { may_have_been_charged: false, ..attempt(Some(outcome)) };
            let alone = plan(&job(), std::slice::from_ref(&refused), &[], false, is_up);
            assert!(matches!(alone, Plan::Fail(..)));
            assert_eq!(plan(&job(), std::slice::from_ref(&refused), &[], true, is_up), Plan::Submit);
            let charged = attempt::Model { may_have_been_charged: true, ..refused };
            assert!(matches!(plan(&job(), &[charged], &[], true, is_up), Plan::Fail(..)));
        }
    }

    #[test]
    fn a_crash_after_a_refusal_fails_the_job_as_refused() {
        for charged in [true, false] {
            let refused = attempt::Model { may_have_been_charged: charged, ..attempt(Some("refused")) };
            assert_eq!(
                plan(&job(), std::slice::from_ref(&refused), &[], false, is_up),
                Plan::Fail(refused.id, Outcome::Refused)
            );
        }
    }
}
