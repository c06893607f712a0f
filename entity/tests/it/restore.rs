//! A database out of a backup: nothing goes on by itself, and what was ended stays ended.

use std::time::Duration;

use entity::id::new_id;
use entity::idempotency_key::{Idempotent, Key};
use entity::job::{self, JobFailure, Status};
use entity::restore::{self, Contents, Finalized};
use entity::{attempt, clock, session, user as users, worker as workers};
use testkit::Database;

use crate::{TTL, begun, claimed, new_job, pending, worker};

#[tokio::test]
async fn unfinished_jobs_fail_as_restored_and_say_what_they_may_have_cost() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = worker(db, TTL).await;
        let waiting = pending(db, testkit::user(db).await).await;
        let (_, retrying) = claimed(db, me).await;
        job::retry_later(db, retrying, Some(job::RetryBudget::Retry), TTL).await.unwrap().unwrap();
        let (_, sent) = claimed(db, me).await;
        let (opened, request) =
            (begun(db, sent, new_id()).await.unwrap(), attempt::of_job(db, sent.job, 1).await.unwrap());
        attempt::record_accepted(db, request[0].id, Some("video_1")).await.unwrap();

        let settled = restore::finalize(db).await.unwrap();
        assert_eq!(settled, Finalized { failed: 3, cancelled: 0, sessions: 0 });
        for (id, charged) in [(waiting, false), (retrying.job, false), (sent.job, true)] {
            let row = job::by_id(db, id).await.unwrap().unwrap();
            assert_eq!((row.status, row.error_code.as_deref()), (Status::Failed, Some("restored")));
            assert_eq!((row.worker_id, row.phase, row.next_attempt_at), (None, None, None));
            assert_eq!(row.may_have_been_charged, charged);
            assert!(row.finished_at.is_some() && row.error_message.is_some());
        }
        let row = job::by_id(db, sent.job).await.unwrap().unwrap();
        assert_eq!((row.seq, row.epoch), (opened.seq + 1, opened.epoch + 1));
        let closed = attempt::of_job(db, sent.job, 1).await.unwrap();
        assert_eq!((closed[0].outcome.as_deref(), closed[0].may_have_been_charged), (Some("restored"), true));
        assert!(job::pending_after(db, None, 10).await.unwrap().is_empty(), "the sweep has something to put in line");
        assert_eq!(restore::finalize(db).await.unwrap(), Finalized::default());
    }
}

#[tokio::test]
async fn a_worker_of_the_past_can_write_nothing_more() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = worker(db, TTL).await;
        let (_, held) = claimed(db, me).await;
        restore::finalize(db).await.unwrap();
        assert!(begun(db, held, new_id()).await.is_none());
        assert!(!workers::renew_lease(db, me, TTL).await.unwrap());
        let failure = JobFailure { code: "refused", message: "no".into() };
        assert!(job::fail(db, held, &failure).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_wish_to_cancel_is_granted_and_ended_jobs_stay_as_they_were() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = worker(db, TTL).await;
        let (unwanted, _) = claimed(db, me).await;
        job::cancel(db, unwanted.id, unwanted.user_id).await.unwrap().unwrap();
        let (_, failed) = claimed(db, me).await;
        let failure = JobFailure { code: "refused", message: "no".into() };
        let failed = job::fail(db, failed, &failure).await.unwrap().unwrap();

        let settled = restore::finalize(db).await.unwrap();
        assert_eq!((settled.failed, settled.cancelled), (0, 1));
        assert_eq!(job::by_id(db, unwanted.id).await.unwrap().unwrap().status, Status::Cancelled);
        assert_eq!(job::by_id(db, failed.id).await.unwrap(), Some(failed));
    }
}

#[tokio::test]
async fn all_sessions_end_and_a_repeated_request_makes_no_second_job() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let ends = clock::system_ms() + clock::millis(Duration::from_secs(60));
        let session = session::create(db, owner, None, ends).await.unwrap();
        let key = Key { operation: "create".into(), key: "once".into(), fingerprint: "f".into() };
        let Idempotent::Created(jobs) = job::create(db, &new_job(owner), 1, Some(&key)).await.unwrap() else {
            panic!("the key is new")
        };
        assert_eq!(restore::finalize(db).await.unwrap().sessions, 1);
        assert!(session::find_active(db, session.id).await.unwrap().is_none());
        assert!(users::by_id(db, owner).await.unwrap().is_some());
        let again = job::create(db, &new_job(owner), 1, Some(&key)).await.unwrap();
        assert!(matches!(again, Idempotent::Replayed(before) if before[0] == jobs[0].id));
    }
}

#[tokio::test]
async fn tells_what_a_database_holds_and_who_works_with_it() {
    for empty in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        assert_eq!(restore::contents(&empty.connection).await.unwrap(), Contents::default());
    }
    for database in Database::each().await {
        let db = &database.connection;
        pending(db, testkit::user(db).await).await;
        worker(db, TTL).await;
        workers::register(db, new_id(), "gone", Duration::ZERO).await.unwrap();
        let held = restore::contents(db).await.unwrap();
        assert_eq!(held, Contents { accounts: 1, jobs: 1, videos: 0, processors: 1 });
    }
}
