//! A job's trace: its id in every log line about the job, and its context in the requests sent upstream.

use entity::{AttemptId, JobId, job};
use service::Trace;
use tracing::field::Empty;
use tracing::{Span, error_span};

/// The span of all work on a job. It has the level ERROR so that no log filter removes it.
pub(crate) fn job_span(job: JobId) -> Span {
    error_span!("job", job.id = %job, job.attempt = Empty, trace_id = Empty)
}

/// Records the job's trace id in the current span.
pub(crate) fn record_trace_id(job: &job::Model) {
    Span::current().record("trace_id", trace_id(job));
}

/// Records the attempt's number in the current span.
pub(crate) fn record_attempt(number: i32) {
    Span::current().record("job.attempt", number);
}

/// The id of the job's trace, if it has one.
pub(crate) fn trace_id(job: &job::Model) -> Option<String> {
    parse(job).map(|trace| trace.id().to_owned())
}

/// The `traceparent` header of an attempt's requests. Its span id is derived from the attempt's id, so a worker that
/// resumes an attempt sends the same.
pub(crate) fn traceparent(job: &job::Model, attempt: AttemptId) -> Option<String> {
    parse(job).map(|trace| trace.at(attempt.random_bits()).to_string())
}

fn parse(job: &job::Model) -> Option<Trace> {
    job.traceparent.as_deref().and_then(Trace::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::new_id;
    use testkit::sample_job as job;

    #[test]
    fn each_attempt_is_its_own_span_of_the_jobs_trace() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let job = job::Model { traceparent: Some(given.into()), ..job() };
        let (first, second) = (new_id(), new_id());
        let [one, again, two] = [first, first, second].map(|attempt| traceparent(&job, attempt).unwrap());
        assert_eq!(one, again);
        assert!(one != two && one != given);
        for header in [one, two] {
            assert_eq!(Trace::parse(&header).unwrap().id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
        assert_eq!(traceparent(&job::Model { traceparent: None, ..job }, first), None);
    }
}
