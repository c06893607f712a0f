//! Leases and reaping.

use std::time::Duration;

use entity::job::{self, ClaimResult, Status};
use entity::worker;
use futures::future::join_all;
use testkit::Database;

use crate::{TTL, claimed_job, pending_job, register_worker};

#[tokio::test]
async fn reaping_requeues_the_jobs_of_expired_workers_only() {
    for database in Database::each().await {
        let db = &database.connection;
        let (alive, expired) = (register_worker(db, TTL).await, register_worker(db, Duration::ZERO).await);
        let (_, spared) = claimed_job(db, alive).await;
        let (_, orphan) = claimed_job(db, expired).await;
        let reaped = testkit::eventually("the lease expires", async || worker::reap_one(db).await.unwrap()).await;
        assert_eq!(reaped.worker, expired);
        assert_eq!(
            reaped.jobs.iter().map(|job| (job.id, job.status, job.crashes)).collect::<Vec<_>>(),
            [(orphan.job, Status::Pending, 1)]
        );
        assert!(reaped.jobs[0].epoch > orphan.epoch);
        assert!(worker::reap_one(db).await.unwrap().is_none());
        assert!(!worker::renew_lease(db, expired, TTL).await.unwrap(), "a reaped worker renewed its lease");
        assert!(worker::renew_lease(db, alive, TTL).await.unwrap());
        assert_eq!(job::claimed_by(db, alive).await.unwrap()[0].id, spared.job);
    }
}

#[tokio::test]
async fn rejects_a_late_claim_of_a_reaped_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        let expired = register_worker(db, Duration::ZERO).await;
        testkit::eventually("the lease expires", async || worker::reap_one(db).await.unwrap()).await;
        let job = pending_job(db, testkit::user(db).await).await;
        assert!(matches!(job::claim(db, job, expired).await.unwrap(), ClaimResult::WorkerExpired));
    }
}

#[tokio::test]
async fn a_claim_racing_with_reaping_leaves_no_job_with_a_reaped_worker() {
    for database in Database::each().await {
        let db = &database.connection;
        for _ in 0..10 {
            let expired = register_worker(db, Duration::ZERO).await;
            let job = pending_job(db, testkit::user(db).await).await;
            let (claim, _) = tokio::join!(
                job::claim(db, job, expired),
                testkit::eventually("the lease expires", async || worker::reap_one(db).await.unwrap())
            );
            assert!(matches!(claim.unwrap(), ClaimResult::Claimed(_) | ClaimResult::WorkerExpired));
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
            let worker = register_worker(db, Duration::ZERO).await;
            assert!(matches!(job::claim(db, job, worker).await.unwrap(), ClaimResult::Claimed(_)));
            let reaped = testkit::eventually("the lease expires", async || worker::reap_one(db).await.unwrap()).await;
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
        claimed_job(db, register_worker(db, Duration::from_millis(1)).await).await;
        let reaped = testkit::eventually("a worker is reaped", async || {
            let all = join_all((0..6).map(|_| worker::reap_one(db))).await;
            Some(all.into_iter().filter_map(Result::unwrap).count()).filter(|reaped| *reaped > 0)
        })
        .await;
        assert_eq!(reaped, 1);
    }
}
