//! Leases and reaping.

use entity::job::{self, ClaimResult, Status};
use entity::{WorkerId, worker};
use futures::future::join_all;
use sea_orm::DatabaseConnection;
use testkit::Database;

use crate::{TTL, claimed_job, pending_job, register_worker};

#[tokio::test]
async fn reaping_requeues_the_jobs_of_expired_workers_only() {
    for database in Database::each().await {
        let db = &database.connection;
        let (alive, expired) = (register_worker(db).await, register_worker(db).await);
        let (_, spared) = claimed_job(db, alive).await;
        let (_, orphan) = claimed_job(db, expired).await;
        let reaped = worker::reap(db, &seen(db, expired).await).await.unwrap().unwrap();
        assert_eq!(reaped.worker, expired);
        assert_eq!(
            reaped.jobs.iter().map(|job| (job.id, job.status, job.crashes)).collect::<Vec<_>>(),
            [(orphan.job, Status::Pending, 1)]
        );
        assert!(reaped.jobs[0].epoch > orphan.epoch);
        assert!(!worker::renew_lease(db, expired, TTL).await.unwrap(), "a reaped worker renewed its lease");
        assert!(worker::renew_lease(db, alive, TTL).await.unwrap());
        assert_eq!(job::claimed_by(db, alive).await.unwrap()[0].id, spared.job);
    }
}

#[tokio::test]
async fn rejects_a_late_claim_of_a_reaped_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        let expired = register_worker(db).await;
        worker::reap(db, &seen(db, expired).await).await.unwrap().unwrap();
        let job = pending_job(db, testkit::user(db).await).await;
        assert!(matches!(job::claim(db, job, expired).await.unwrap(), ClaimResult::WorkerExpired));
    }
}

#[tokio::test]
async fn a_claim_racing_with_reaping_leaves_no_job_with_a_reaped_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        for _ in 0..10 {
            let expired = register_worker(db).await;
            let job = pending_job(db, testkit::user(db).await).await;
            let seen = seen(db, expired).await;
            let (claim, reaped) = tokio::join!(job::claim(db, job, expired), worker::reap(db, &seen));
            assert!(matches!(claim.unwrap(), ClaimResult::Claimed(_) | ClaimResult::WorkerExpired));
            // On PostgreSQL, a reaper passes over a worker whose row a claim locks; its next pass reaps it.
            if reaped.unwrap().is_none() {
                assert!(worker::reap(db, &seen).await.unwrap().is_some());
            }
            let row = job::by_id(db, job).await.unwrap().unwrap();
            assert_eq!((row.status, row.worker_id), (Status::Pending, None));
        }
    }
}

#[tokio::test]
async fn a_job_that_crashes_too_many_workers_fails_as_poison() {
    for database in Database::each().await {
        let db = &database.connection;
        let job = pending_job(db, testkit::user(db).await).await;
        let mut last = None;
        for _ in 0..=job::MAX_CRASHES {
            let worker = register_worker(db).await;
            assert!(matches!(job::claim(db, job, worker).await.unwrap(), ClaimResult::Claimed(_)));
            let reaped = worker::reap(db, &seen(db, worker).await).await.unwrap().unwrap();
            last = reaped.jobs.into_iter().next();
        }
        let last = last.unwrap();
        assert_eq!((last.status, last.error_code.as_deref()), (Status::Failed, Some("poison")));
    }
}

#[tokio::test]
async fn one_of_many_concurrent_reapers_reaps() {
    for database in Database::each().await {
        let db = &database.connection;
        let dead = register_worker(db).await;
        claimed_job(db, dead).await;
        let seen = seen(db, dead).await;
        let all = join_all((0..6).map(|_| worker::reap(db, &seen))).await;
        assert_eq!(all.into_iter().filter_map(Result::unwrap).count(), 1);
    }
}

#[tokio::test]
async fn a_renewal_after_the_last_look_prevents_reaping() {
    for database in Database::each().await {
        let db = &database.connection;
        let alive = register_worker(db).await;
        claimed_job(db, alive).await;
        let seen = seen(db, alive).await;
        assert!(worker::renew_lease(db, alive, TTL).await.unwrap());
        assert!(worker::reap(db, &seen).await.unwrap().is_none());
        assert_eq!(job::claimed_by(db, alive).await.unwrap().len(), 1);
    }
}

/// The worker's row as a reaper sees it.
async fn seen(db: &DatabaseConnection, worker: WorkerId) -> worker::Model {
    worker::all(db).await.unwrap().into_iter().find(|row| row.id == worker).unwrap()
}
