//! How often a request is sent, as counted by the upstream.

use std::fs::File;

use entity::job::Status;
use entity::submission;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use testkit::{Database, eventually};

use crate::test_platform::{TestPlatform, signal};

#[tokio::test]
async fn retries_requests_that_started_nothing_up_to_five_times() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let _processor = platform.processor(&[]);
        let mut jobs = Vec::new();
        for tag in ["http-503", "http-500"] {
            jobs.push((
                tag,
                platform.submit(&format!("[sim:{tag}*5]")).await,
                platform.submit(&format!("[sim:{tag}]")).await,
            ));
        }
        for (tag, recovering, failing) in jobs {
            let (recovering, failing) = (platform.end(recovering).await, platform.end(failing).await);
            assert_eq!((recovering.status, recovering.retries), (Status::Completed, 5), "{tag}");
            assert_eq!((failing.status, failing.retries), (Status::Failed, 5), "{tag}");
            assert_eq!(platform.attempts(failing.id).await.len(), 6);
            assert!(!failing.may_have_been_charged);
        }
        let total = platform.simulator.stats().total;
        assert_eq!((total.requests, total.submissions), (24, 2));
    }
}

#[tokio::test]
async fn does_not_resubmit_an_interrupted_generation_by_default() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[]);
    let ended = platform.end(platform.submit("[sim:cut@60%]").await).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("interrupted")));
    assert!(ended.may_have_been_charged);
    assert_eq!(platform.simulator.stats().total.submissions, 1);
}

#[tokio::test]
async fn resubmits_an_interrupted_generation_within_the_budget() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[("SORA_MAX_RESUBMITS", "1")]);
    let recovering = platform.end(platform.submit("[sim:cut@60%*1]").await).await;
    assert_eq!((recovering.status, recovering.resubmits), (Status::Completed, 1));
    assert!(recovering.may_have_been_charged, "the first request brought no video and may have been charged");
    let failing = platform.end(platform.submit("[sim:cut@60%]").await).await;
    assert_eq!((failing.status, failing.resubmits), (Status::Failed, 1));
    assert_eq!(platform.simulator.stats().total.submissions, 4);
}

#[tokio::test]
async fn completes_if_the_stream_is_cut_after_the_result() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[]);
    let ended = platform.end(platform.submit("[sim:cut-after-result]").await).await;
    assert_eq!(ended.status, Status::Completed);
}

/// The commit of an attempt is held up while its processor is asked to stop.
#[tokio::test]
async fn an_attempt_that_is_recorded_while_the_processor_stops_costs_nothing() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let db = &platform.database.connection;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let first = platform.processor_with_log(File::create(&log).unwrap());
    let lock = db.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE submissions IN EXCLUSIVE MODE").await.unwrap();
    let id = platform.submit("the processor is stopped").await;
    eventually("the attempt is being recorded", async || {
        let waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'submissions'::regclass";
        let waiting = Statement::from_string(db.get_database_backend(), waiting);
        db.query_one_raw(waiting).await.unwrap().map(drop)
    })
    .await;
    signal(&first, "TERM").await;
    eventually("the job is to be handed over", async || {
        std::fs::read_to_string(&log).unwrap().contains("handing over the remaining jobs").then_some(())
    })
    .await;
    lock.rollback().await.unwrap();
    assert_eq!(first.exit().await, Some(0));
    let attempts = platform.attempts(id).await;
    let ends: Vec<_> =
        attempts.iter().map(|attempt| (attempt.outcome.as_deref(), attempt.may_have_been_charged)).collect();
    assert_eq!(ends, [(Some("transient"), false)]);
    assert_eq!(submission::today(db, platform.user).await.unwrap(), 0);
    let _second = platform.processor(&[]);
    assert_eq!(platform.end(id).await.status, Status::Completed);
    assert_eq!(platform.simulator.stats().total.requests, 1);
}
