//! Addresses of results, and upstreams whose answers cannot be read.

use entity::job::{self, JobFailure, ResultAdded, Status};
use entity::{AttemptId, JobId, attempt, attempt_result, id::new_id, upstream_state};
use testkit::Database;

use crate::{claimed_job, register_worker, start_attempt};

/// A failed job with one attempt, whose number is 1.
async fn failed(db: &sea_orm::DatabaseConnection) -> (job::Model, AttemptId) {
    let (_, claim) = claimed_job(db, register_worker(db).await).await;
    let attempt = new_id();
    start_attempt(db, claim, attempt).await.unwrap();
    let end =
        attempt::End { outcome: "interrupted", detail: None, evidence: Some("tail"), may_have_been_charged: true };
    job::finish_attempt(db, attempt, end).await.unwrap();
    let failure = JobFailure { code: "interrupted", message: "dropped".into() };
    (job::fail(db, claim, &failure).await.unwrap().unwrap(), attempt)
}

#[tokio::test]
async fn keeps_each_address_once_in_the_order_of_arrival_and_deletes_them_with_the_job() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, attempt) = failed(db).await;
        for (url, source) in [("https://h/1", "link"), ("https://h/2", "field"), ("https://h/1", "field")] {
            attempt_result::record(db, attempt, url, source).await.unwrap();
        }
        let kept = attempt_result::of_attempt(db, attempt).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|row| (row.position, row.url.as_str(), row.source.as_str())).collect();
        assert_eq!(kept, [(1, "https://h/1", "link"), (2, "https://h/2", "field")]);
        assert_eq!(attempt::of_job(db, job.id, 1).await.unwrap()[0].evidence.as_deref(), Some("tail"));
        job::delete(db, job.id, job.user_id).await.unwrap().unwrap();
        assert_eq!(attempt_result::of_attempt(db, attempt).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_address_added_by_an_administrator_queues_a_failed_job_for_download_only() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, attempt) = failed(db).await;
        let admin = testkit::user(db).await;
        let add = async |job: JobId, attempt: AttemptId| {
            job::add_result(db, job, attempt, "https://h/v.mp4", admin).await.unwrap()
        };
        assert!(matches!(add(job.id, new_id()).await, ResultAdded::NotFound));
        let ResultAdded::Queued(queued) = add(job.id, attempt).await else { panic!("not queued") };
        assert_eq!((queued.status, queued.fetches, queued.attempts_from), (Status::Pending, 0, job.attempts_from));
        assert!(queued.seq > job.seq && queued.epoch > job.epoch, "earlier holders must lose it");
        let attempts = attempt::of_job(db, job.id, 1).await.unwrap();
        assert_eq!((attempts.len(), attempts[0].result_url.as_deref()), (1, Some("https://h/v.mp4")));
        let results = attempt_result::of_attempt(db, attempt).await.unwrap();
        assert_eq!((results[0].source.as_str(), results[0].added_by), (attempt_result::ADMIN, Some(admin)));
        assert!(matches!(add(job.id, attempt).await, ResultAdded::NotFailed), "it waits for its download");
    }
}

#[tokio::test]
async fn an_attempt_from_before_a_restart_counts_again_when_it_gets_an_address() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, attempt) = failed(db).await;
        let restarted = job::restart(db, job.id, job.user_id, None).await.unwrap();
        let Some(Some(restarted)) = restarted.created() else { panic!("not restarted") };
        assert_eq!(restarted.attempts_from, 2);
        let job::ClaimResult::Claimed(row) = job::claim(db, job.id, register_worker(db).await).await.unwrap() else {
            panic!("not claimed")
        };
        let failure = JobFailure { code: "unknown", message: "?".into() };
        job::fail(db, job::JobClaim { job: job.id, epoch: row.epoch }, &failure).await.unwrap().unwrap();
        let added = job::add_result(db, job.id, attempt, "https://h/v.mp4", job.user_id).await.unwrap();
        let ResultAdded::Queued(queued) = added else { panic!("not queued") };
        assert_eq!(queued.attempts_from, 1);
    }
}

#[tokio::test]
async fn three_jobs_in_a_row_with_unreadable_answers_suspend_an_upstream() {
    for database in Database::each().await {
        let db = &database.connection;
        let up = format!("https://{}.example/v1/videos", new_id::<entity::id::kind::Job>());
        let unreadable = async |job: JobId| upstream_state::record_unreadable(db, &up, job, "<html>\0").await.unwrap();
        let first = new_id();
        for _ in 0..4 {
            assert_eq!(unreadable(first).await.unreadable_jobs, 1, "one job counts once");
        }
        unreadable(new_id()).await;
        upstream_state::record_readable(db, &up).await.unwrap();
        assert_eq!(upstream_state::of_upstream(db, &up).await.unwrap(), None);
        for jobs in 1..=3 {
            let state = unreadable(new_id()).await;
            assert_eq!((state.unreadable_jobs, state.suspended_at.is_some()), (jobs, jobs == 3));
            assert_eq!(state.sample, "<html>");
        }
        upstream_state::record_readable(db, &up).await.unwrap();
        assert!(upstream_state::of_upstream(db, &up).await.unwrap().is_some(), "only an administrator resumes");
        assert!(upstream_state::resume(db, &up).await.unwrap());
        assert!(!upstream_state::resume(db, &up).await.unwrap());
    }
}
