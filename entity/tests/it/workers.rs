//! Leases and burials.

use std::time::Duration;

use entity::job::{self, ClaimResult, Status};
use entity::worker;
use futures::future::join_all;
use testkit::Database;

use crate::{TTL, claimed, pending, worker as registered};

#[tokio::test]
async fn burial_gives_the_dead_ones_jobs_back_and_leaves_the_living_alone() {
    for database in Database::each().await {
        let db = &database.connection;
        let (living, dead) = (registered(db, TTL).await, registered(db, Duration::ZERO).await);
        let (_, spared) = claimed(db, living).await;
        let (_, orphan) = claimed(db, dead).await;
        let buried = testkit::eventually("the lease is over", async || worker::reap_one(db).await.unwrap()).await;
        assert_eq!(buried.worker, dead);
        assert_eq!(
            buried.jobs.iter().map(|job| (job.id, job.status, job.crashes)).collect::<Vec<_>>(),
            [(orphan.job, Status::Pending, 1)]
        );
        assert!(buried.jobs[0].epoch > orphan.epoch);
        assert!(worker::reap_one(db).await.unwrap().is_none());
        assert!(!worker::renew_lease(db, dead, TTL).await.unwrap(), "the buried can renew");
        assert!(worker::renew_lease(db, living, TTL).await.unwrap());
        assert_eq!(job::claimed_by(db, living).await.unwrap()[0].id, spared.job);
    }
}

#[tokio::test]
async fn a_late_claim_of_the_buried_is_refused() {
    for database in Database::each().await {
        let db = &database.connection;
        let dead = registered(db, Duration::ZERO).await;
        testkit::eventually("the lease is over", async || worker::reap_one(db).await.unwrap()).await;
        let job = pending(db, testkit::user(db).await).await;
        assert!(matches!(job::claim(db, job, dead).await.unwrap(), ClaimResult::WorkerExpired));
    }
}

#[tokio::test]
async fn claims_racing_with_a_burial_leave_no_job_with_a_worker_that_is_gone() {
    for database in Database::each().await {
        let db = &database.connection;
        for _ in 0..10 {
            let dead = registered(db, Duration::ZERO).await;
            let job = pending(db, testkit::user(db).await).await;
            let (claim, _) = tokio::join!(
                job::claim(db, job, dead),
                testkit::eventually("the lease is over", async || worker::reap_one(db).await.unwrap())
            );
            assert!(matches!(claim.unwrap(), ClaimResult::Claimed(_) | ClaimResult::WorkerExpired));
            let row = job::by_id(db, job).await.unwrap().unwrap();
            assert_eq!((row.status, row.worker_id), (Status::Pending, None));
        }
    }
}

#[tokio::test]
async fn a_job_that_outlives_too_many_workers_is_poison() {
    for database in Database::each().await {
        let db = &database.connection;
        let job = pending(db, testkit::user(db).await).await;
        let mut last = None;
        for _ in 0..=job::MAX_CRASHES {
            let worker = registered(db, Duration::ZERO).await;
            assert!(matches!(job::claim(db, job, worker).await.unwrap(), ClaimResult::Claimed(_)));
            let buried = testkit::eventually("the lease is over", async || worker::reap_one(db).await.unwrap()).await;
            last = buried.jobs.into_iter().next();
        }
        let last = last.unwrap();
        assert_eq!((last.status, last.error_code.as_deref()), (Status::Failed, Some("poison")));
    }
}

#[tokio::test]
async fn of_many_undertakers_one_buries() {
    for database in Database::each().await {
        let db = &database.connection;
        claimed(db, registered(db, Duration::from_millis(1)).await).await;
        let buried = testkit::eventually("somebody buries", async || {
            let all = join_all((0..6).map(|_| worker::reap_one(db))).await;
            Some(all.into_iter().filter_map(Result::unwrap).count()).filter(|buried| *buried > 0)
        })
        .await;
        assert_eq!(buried, 1);
    }
}
