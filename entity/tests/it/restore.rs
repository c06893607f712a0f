//! A restored backup: nothing continues, and what was revoked stays revoked.

use std::time::Duration;

use entity::id::new_id;
use entity::idempotency_key::{Idempotent, Key, Source};
use entity::job::{self, JobFailure, Status};
use entity::restore::{self, Contents, Finalized};
use entity::{attempt, clock, session, user, worker};
use testkit::Database;

use crate::{TTL, claimed_job, creation, pending_job, register_worker, start_attempt};

#[tokio::test]
async fn unfinished_jobs_fail_as_restored_and_report_their_charges() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let waiting = pending_job(db, testkit::user(db).await).await;
        let (_, retrying) = claimed_job(db, me).await;
        job::retry_later(db, retrying, Some(job::RetryBudget::Retry), TTL).await.unwrap().unwrap();
        let (_, sent) = claimed_job(db, me).await;
        let (started, request) =
            (start_attempt(db, sent, new_id()).await.unwrap(), attempt::of_job(db, sent.job, 1).await.unwrap());
        attempt::record_accepted(db, request[0].id, Some("video_1")).await.unwrap();

        let finalized = restore::finalize(db).await.unwrap();
        assert_eq!(finalized, Finalized { failed: 3, ..Finalized::default() });
        for (id, charged) in [(waiting, false), (retrying.job, false), (sent.job, true)] {
            let row = job::by_id(db, id).await.unwrap().unwrap();
            assert_eq!((row.status, row.error_code.as_deref()), (Status::Failed, Some("restored")));
            assert_eq!((row.worker_id, row.phase, row.next_attempt_at), (None, None, None));
            assert_eq!(row.may_have_been_charged, charged);
            assert!(row.finished_at.is_some() && row.error_message.is_some());
        }
        let row = job::by_id(db, sent.job).await.unwrap().unwrap();
        assert_eq!((row.seq, row.epoch), (started.seq + 1, started.epoch + 1));
        let closed = attempt::of_job(db, sent.job, 1).await.unwrap();
        assert_eq!((closed[0].outcome.as_deref(), closed[0].may_have_been_charged), (Some("restored"), true));
        assert!(job::pending_after(db, None, 10).await.unwrap().is_empty(), "the reconciler would enqueue a job");
        assert_eq!(restore::finalize(db).await.unwrap(), Finalized::default());
    }
}

#[tokio::test]
async fn a_worker_from_before_the_restore_can_write_nothing() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let (_, claim) = claimed_job(db, me).await;
        restore::finalize(db).await.unwrap();
        assert!(start_attempt(db, claim, new_id()).await.is_none());
        assert!(!worker::renew_lease(db, me, TTL).await.unwrap());
        let failure = JobFailure { code: "refused", message: "no".into() };
        assert!(job::fail(db, claim, &failure).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn cancelled_jobs_finish_as_cancelled_and_finished_jobs_stay_unchanged() {
    for database in Database::each().await {
        let db = &database.connection;
        let me = register_worker(db).await;
        let (cancelled, _) = claimed_job(db, me).await;
        job::cancel(db, cancelled.id, cancelled.user_id).await.unwrap().unwrap();
        let (_, failed) = claimed_job(db, me).await;
        let failure = JobFailure { code: "refused", message: "no".into() };
        let failed = job::fail(db, failed, &failure).await.unwrap().unwrap();

        let finalized = restore::finalize(db).await.unwrap();
        assert_eq!((finalized.failed, finalized.cancelled), (0, 1));
        assert_eq!(job::by_id(db, cancelled.id).await.unwrap().unwrap().status, Status::Cancelled);
        assert_eq!(job::by_id(db, failed.id).await.unwrap(), Some(failed));
    }
}

#[tokio::test]
async fn revokes_all_sessions_and_keeps_idempotency_keys() {
    for database in Database::each().await {
        let db = &database.connection;
        let owner = testkit::user(db).await;
        let ends = clock::system_ms() + clock::millis(Duration::from_secs(60));
        let session = session::create(db, owner, None, ends).await.unwrap().0;
        let key =
            Key { operation: "create".into(), key: "once".into(), source: Source::Client { fingerprint: "f".into() } };
        let Idempotent::Created(jobs) = job::create(db, &creation(owner, 1, &key)).await.unwrap() else {
            panic!("the key is new")
        };
        assert_eq!(restore::finalize(db).await.unwrap().sessions, 1);
        assert!(session::find_active(db, session.id).await.unwrap().is_none());
        assert!(user::by_id(db, owner).await.unwrap().is_some());
        let again = job::create(db, &creation(owner, 1, &key)).await.unwrap();
        assert!(matches!(again, Idempotent::Replayed(before) if before[0] == jobs[0].id));
    }
}

#[tokio::test]
async fn counts_the_content_and_the_live_processors() {
    for empty in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        assert_eq!(restore::contents(&empty.connection).await.unwrap(), Contents::default());
    }
    for database in Database::each().await {
        let db = &database.connection;
        pending_job(db, testkit::user(db).await).await;
        register_worker(db).await;
        worker::register(db, new_id(), "gone", Duration::ZERO).await.unwrap();
        let contents = restore::contents(db).await.unwrap();
        assert_eq!(contents, Contents { accounts: 1, jobs: 1, videos: 0, processors: 1 });
    }
}
