//! Returns jobs to the queue in Redis. A failure is harmless: the reconciler enqueues every pending job Redis lacks.

use bus::{Flow, Position, Queue};
use entity::job;

/// The flow that decides a waiting job's turn. A job that was claimed before, or is being restarted, does not wait
/// behind its owner's whole backlog.
pub(crate) fn flow(job: &job::Model) -> Flow {
    if job.epoch > 0 { Flow::retries(job.user_id) } else { Flow::new_jobs(job.user_id) }
}

/// Puts a job that lost its worker at the front of the queue, so that it continues at once. Does nothing if the job is
/// not pending, waits for a retry, or is already in Redis.
pub(crate) async fn enqueue_front(queue: &Queue, job: &job::Model) {
    if job.status != job::Status::Pending || job.next_attempt_at.is_some() {
        return;
    }
    if let Err(error) = queue.enqueue(job.id, &flow(job), Position::Front).await {
        tracing::debug!(job.id = %job.id, %error, "could not enqueue a job; the reconciler will");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::sample_job as job;

    #[test]
    fn a_restarted_job_does_not_wait_behind_its_owners_backlog() {
        let new = job::Model { epoch: 0, ..job() };
        let restarted = job::Model { epoch: 2, started_at: None, ..job() };
        assert_eq!(flow(&new), Flow::new_jobs(new.user_id));
        assert_eq!(flow(&restarted), Flow::retries(restarted.user_id));
    }
}
