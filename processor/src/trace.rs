//! The trace that a job belongs to: in each of its log lines, and in what the upstream is asked for it.

use entity::{AttemptId, JobId, job};
use service::Trace;
use tracing::field::Empty;
use tracing::{Span, error_span};

/// The span around everything that is done for a job; an error's, so that it stands around whatever is logged at all.
pub(crate) fn job_span(job: JobId) -> Span {
    error_span!("job", job.id = %job, job.attempt = Empty, trace_id = Empty)
}

/// Names the job's trace in the current span.
pub(crate) fn record_trace_id(job: &job::Model) {
    Span::current().record("trace_id", trace_id(job));
}

/// Names the attempt in the current span.
pub(crate) fn record_attempt(number: i32) {
    Span::current().record("job.attempt", number);
}

/// The id of the job's trace, if it has one.
pub(crate) fn trace_id(job: &job::Model) -> Option<String> {
    context(job).map(|trace| trace.id().to_owned())
}

/// The attempt's place in the job's trace, as the header `traceparent` carries it. Its span is the last half of the
/// attempt's id, so that whoever goes on with an attempt is at the same place, and either tells the other.
pub(crate) fn traceparent(job: &job::Model, attempt: AttemptId) -> Option<String> {
    context(job).map(|trace| trace.at(attempt.random_bits()).to_string())
}

fn context(job: &job::Model) -> Option<Trace> {
    job.traceparent.as_deref().and_then(Trace::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;
    use testkit::sample_job as job;

    #[test]
    fn each_attempt_has_a_place_of_its_own_in_the_jobs_trace() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let job = job::Model { traceparent: Some(given.into()), ..job() };
        let (first, second) = (new_id(), new_id());
        let [one, again, two] = [first, first, second].map(|attempt| traceparent(&job, attempt).unwrap());
        assert_eq!(one, again);
        assert!(one != two && one != given);
        for place in [one, two] {
            assert_eq!(Trace::parse(&place).unwrap().id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
        assert_eq!(traceparent(&job::Model { traceparent: None, ..job }, first), None);
    }
}
