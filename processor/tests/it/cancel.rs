//! Cancelled jobs, and jobs that are restarted.

use bus::Message;
use entity::job::{self, CancelResult, Phase, Status};
use testkit::Database;
use tokio::sync::mpsc;

use crate::test_platform::TestPlatform;

/// Milliseconds between two steps of a generation: slow enough to cancel in between.
const PACE: u64 = 100;

/// Cancels a running job and waits for its end. `notify` sends the control message too, as a gateway does.
async fn cancel_running(platform: &TestPlatform, id: entity::JobId, notify: bool) -> job::Model {
    let cancel = job::cancel(&platform.database.connection, id, platform.user).await.unwrap().unwrap();
    assert!(matches!(cancel, CancelResult::Requested(_)), "{cancel:?}");
    if notify {
        platform.bus.send_control(&bus::Control::CancelRequested { job: id }).await.unwrap();
    }
    platform.end(id).await
}

#[tokio::test]
async fn cancels_a_running_job_by_message_or_heartbeat_and_drops_a_late_result() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, PACE).await;
        let _processor = platform.processor(&[]);
        for notify in [true, false] {
            let id = platform.submit("changed my mind").await;
            platform.until(id, "progress begins", |job| job.progress > 0).await;
            let ended = cancel_running(&platform, id, notify).await;
            assert_eq!((ended.status, ended.may_have_been_charged), (Status::Cancelled, true));
            assert_eq!(platform.attempts(id).await[0].outcome.as_deref(), Some("cancelled"));
            platform.redis_is_empty(id).await;
            assert_eq!(platform.row(id).await, ended);
        }
        assert_eq!(platform.simulator.stats().total.submissions, 2);
        assert_eq!(platform.simulator.stats().total.downloads, 0);
    }
}

#[tokio::test]
async fn a_cancelled_generation_counts_as_in_flight_until_its_stream_ends() {
    let platform = TestPlatform::new(Database::sqlite().await, PACE).await;
    let _processor = platform.processor(&[("SORA_MAX_CONCURRENCY", "1")]);
    let first = platform.submit("changed my mind").await;
    let second = platform.submit("waits for its turn").await;
    platform.until(first, "progress begins", |job| job.progress > 0).await;
    cancel_running(&platform, first, true).await;
    assert_eq!(platform.end(second).await.status, Status::Completed);
    assert_eq!(platform.simulator.stats().peak_streaming, 1);
}

#[tokio::test]
async fn publishes_nothing_when_the_stream_of_a_deleted_job_ends() {
    let platform = TestPlatform::new(Database::sqlite().await, PACE).await;
    let _processor = platform.processor(&[("SORA_MAX_CONCURRENCY", "1")]);
    let first = platform.submit("changed my mind").await;
    let second = platform.submit("waits for its turn").await;
    platform.until(first, "progress begins", |job| job.progress > 0).await;
    let (sender, mut messages) = mpsc::unbounded_channel();
    let bus = platform.bus.clone();
    let listening = tokio::spawn(async move { bus.subscriber().run(move |signal| drop(sender.send(signal))).await });
    assert_eq!(messages.recv().await, Some(Message::Subscribed));
    cancel_running(&platform, first, true).await;
    let is_cancelled = |message: &Message| matches!(message, Message::Event(event) if entity::JobId::from(event.job) == first && event.frame.contains("cancelled"));
    while !is_cancelled(&messages.recv().await.unwrap()) {}
    job::delete(&platform.database.connection, first, platform.user).await.unwrap().unwrap();
    platform.end(second).await;
    platform.redis_is_empty(second).await;
    listening.abort();
    while let Some(message) = messages.recv().await {
        assert!(!is_cancelled(&message), "{message:?}");
    }
}

#[tokio::test]
async fn cancels_a_waiting_job_at_once_and_can_restart_it() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[("SORA_RETRY_BASE", "1h")]);
    let id = platform.submit("[sim:http-503*1]").await;
    platform.until(id, "the job waits for a retry", |job| job.phase == Some(Phase::Retrying)).await;
    let db = &platform.database.connection;
    let Some(CancelResult::Cancelled(ended)) = job::cancel(db, id, platform.user).await.unwrap() else {
        panic!("not cancelled")
    };
    assert_eq!((ended.status, ended.may_have_been_charged), (Status::Cancelled, false));
    let restarted = job::restart(db, id, platform.user, None).await.unwrap().created().unwrap().unwrap();
    assert_eq!((restarted.status, restarted.retries, restarted.attempts_from), (Status::Pending, 0, 2));
    assert_eq!(platform.end(id).await.status, Status::Completed);
}

#[tokio::test]
async fn restarting_a_failed_job_may_submit_it_again() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let _processor = platform.processor(&[]);
    let id = platform.submit("[sim:cut@50%*1]").await;
    assert_eq!(platform.end(id).await.error_code.as_deref(), Some("interrupted"));
    job::restart(&platform.database.connection, id, platform.user, None).await.unwrap().created().unwrap().unwrap();
    let ended = platform.end(id).await;
    assert_eq!((ended.status, ended.error_code), (Status::Completed, None));
    assert!(ended.may_have_been_charged, "the first request may have been charged");
    assert_eq!(platform.simulator.stats().total.submissions, 2);
}
