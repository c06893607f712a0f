//! Transitions by a job's owner, and how a requested cancellation changes those of its worker.

use entity::job::{self, CancelResult, Status};
use entity::{attempt, id::new_id, worker};
use testkit::Database;

use crate::{TTL, claimed_job, pending_job, register_worker, start_attempt};

#[tokio::test]
async fn a_cancelled_job_never_returns_to_the_queue() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        for way in ["retry", "hand over", "requeue orphan", "cancelled"] {
            let (job, claim) = claimed_job(db, me).await;
            assert!(job::finish_cancelled(db, claim).await.unwrap().is_none(), "the owner has not cancelled");
            assert!(matches!(job::cancel(db, job.id, job.user_id).await.unwrap(), Some(CancelResult::Requested(_))));
            assert!(start_attempt(db, claim, new_id()).await.is_none(), "an attempt for a cancelled job");
            let finished = match way {
                "retry" => job::retry_later(db, claim, None, TTL).await,
                "hand over" => job::hand_over(db, claim).await,
                "requeue orphan" => job::requeue_orphan(db, claim).await,
                _ => job::finish_cancelled(db, claim).await,
            };
            let finished = finished.unwrap().unwrap();
            assert_eq!((finished.status, finished.worker_id), (Status::Cancelled, None), "{way}");
            assert!(finished.finished_at.is_some() && finished.phase.is_none(), "{way}");
        }
    }
}

#[tokio::test]
async fn a_cancellation_survives_the_death_of_the_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, _) = claimed_job(db, register_worker(db).await).await;
        job::cancel(db, job.id, job.user_id).await.unwrap();
        let dead = worker::all(db).await.unwrap().remove(0);
        let reaped = worker::reap(db, &dead).await.unwrap().unwrap();
        assert_eq!(reaped.jobs[0].status, Status::Cancelled);
    }
}

#[tokio::test]
async fn cancelling_a_finished_job_changes_nothing() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        let failure = job::JobFailure { code: "refused", message: "no".into() };
        job::fail(db, claim, &failure).await.unwrap().unwrap();
        let Some(CancelResult::AlreadyFinished(job)) = job::cancel(db, job.id, job.user_id).await.unwrap() else {
            panic!("cancelled")
        };
        assert_eq!((job.status, job.cancel_requested_at), (Status::Failed, None));
    }
}

#[tokio::test]
async fn a_restart_leaves_earlier_attempts_and_claims_behind() {
    for database in Database::each().await {
        let db = &database.connection;
        let (job, claim) = claimed_job(db, register_worker(db).await).await;
        start_attempt(db, claim, new_id()).await.unwrap();
        job::fail(db, claim, &job::JobFailure { code: "unknown", message: "?".into() }).await.unwrap().unwrap();
        assert!(
            job::restart(db, job.id, testkit::user(db).await, None).await.unwrap().created().unwrap().is_none(),
            "by another user"
        );
        let restarted = job::restart(db, job.id, job.user_id, None).await.unwrap().created().unwrap().unwrap();
        assert_eq!(
            (restarted.status, restarted.attempts_from, restarted.error_code.as_deref()),
            (Status::Pending, 2, None)
        );
        assert!(restarted.epoch > claim.epoch && restarted.may_have_been_charged && restarted.finished_at.is_none());
        assert!(attempt::of_job(db, job.id, restarted.attempts_from).await.unwrap().is_empty());
        assert_eq!(attempt::of_job(db, job.id, 1).await.unwrap().len(), 1);
        assert!(
            job::restart(db, job.id, job.user_id, None).await.unwrap().created().unwrap().is_none(),
            "a pending job"
        );
    }
}

#[tokio::test]
async fn only_the_owner_deletes_a_job_and_only_once_it_has_finished() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let id = pending_job(db, owner).await;
        assert!(job::delete(db, id, owner).await.unwrap().is_none());
        job::cancel(db, id, owner).await.unwrap();
        assert!(job::delete(db, id, testkit::user(db).await).await.unwrap().is_none());
        assert_eq!(job::delete(db, id, owner).await.unwrap().unwrap().job.id, id);
        assert!(job::by_id(db, id).await.unwrap().is_none());
    }
}
