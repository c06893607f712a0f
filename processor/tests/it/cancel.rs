//! A job that its owner no longer wants.

use bus::Message;
use entity::job::{self, CancelResult, Phase, Status};
use testkit::Database;
use tokio::sync::mpsc;

use crate::world::World;

const PACE: u64 = 100;

async fn cancelled(world: &World, id: entity::JobId, told: bool) -> job::Model {
    let cancel = job::cancel(&world.database.connection, id, world.user).await.unwrap().unwrap();
    assert!(matches!(cancel, CancelResult::Requested(_)), "{cancel:?}");
    if told {
        world.bus.send_control(&bus::Control::CancelRequested { job: id.into() }).await.unwrap();
    }
    world.end(id).await
}

#[tokio::test]
async fn a_running_job_ends_cancelled_by_word_or_by_the_beat_and_a_late_result_is_dropped() {
    for database in Database::each().await {
        let world = World::new(database, PACE).await;
        let _processor = world.processor(&[]);
        for told in [true, false] {
            let id = world.submit("changed my mind").await;
            world.until(id, "progress begins", |job| job.progress > 0).await;
            let ended = cancelled(&world, id, told).await;
            assert_eq!((ended.status, ended.may_have_been_charged), (Status::Cancelled, true));
            assert_eq!(world.attempts(id).await[0].outcome.as_deref(), Some("cancelled"));
            world.redis_is_empty(id).await;
            assert_eq!(world.row(id).await, ended);
        }
        assert_eq!(world.simulator.stats().total.submissions, 2);
        assert_eq!(world.simulator.stats().total.downloads, 0);
    }
}

#[tokio::test]
async fn a_cancelled_generation_keeps_its_place_until_its_stream_ends() {
    let world = World::new(Database::sqlite().await, PACE).await;
    let _processor = world.processor(&[("SORA_MAX_CONCURRENCY", "1")]);
    let first = world.submit("changed my mind").await;
    let second = world.submit("waits for its turn").await;
    world.until(first, "progress begins", |job| job.progress > 0).await;
    cancelled(&world, first, true).await;
    assert_eq!(world.end(second).await.status, Status::Completed);
    assert_eq!(world.simulator.stats().peak_streaming, 1);
}

#[tokio::test]
async fn a_cancelled_job_that_was_deleted_is_not_heard_of_when_its_stream_ends() {
    let world = World::new(Database::sqlite().await, PACE).await;
    let _processor = world.processor(&[("SORA_MAX_CONCURRENCY", "1")]);
    let first = world.submit("changed my mind").await;
    let second = world.submit("waits for its turn").await;
    world.until(first, "progress begins", |job| job.progress > 0).await;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let bus = world.bus.clone();
    let listening = tokio::spawn(async move { bus.subscriber().run(move |signal| drop(sender.send(signal))).await });
    assert_eq!(heard.recv().await, Some(Message::Subscribed));
    cancelled(&world, first, true).await;
    let told = |signal: &Message| matches!(signal, Message::Event(event) if entity::JobId::from(event.job) == first && event.frame.contains("cancelled"));
    while !told(&heard.recv().await.unwrap()) {}
    job::delete(&world.database.connection, first, world.user).await.unwrap().unwrap();
    world.end(second).await;
    world.redis_is_empty(second).await;
    listening.abort();
    while let Some(signal) = heard.recv().await {
        assert!(!told(&signal), "{signal:?}");
    }
}

#[tokio::test]
async fn a_job_that_waits_for_a_retry_is_cancelled_at_once_and_can_be_started_anew() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[("SORA_RETRY_BASE", "1h")]);
    let id = world.submit("[sim:http-503*1]").await;
    world.until(id, "the job waits for a retry", |job| job.phase == Some(Phase::Retrying)).await;
    let db = &world.database.connection;
    let Some(CancelResult::Cancelled(ended)) = job::cancel(db, id, world.user).await.unwrap() else {
        panic!("not cancelled")
    };
    assert_eq!((ended.status, ended.may_have_been_charged), (Status::Cancelled, false));
    let anew = job::restart(db, id, world.user, None).await.unwrap().created().unwrap().unwrap();
    assert_eq!((anew.status, anew.retries, anew.attempts_from), (Status::Pending, 0, 2));
    assert_eq!(world.end(id).await.status, Status::Completed);
}

#[tokio::test]
async fn a_failed_job_that_is_started_anew_may_be_bought_again() {
    let world = World::new(Database::postgres().await, 0).await;
    let _processor = world.processor(&[]);
    let id = world.submit("[sim:cut@50%*1]").await;
    assert_eq!(world.end(id).await.error_code.as_deref(), Some("interrupted"));
    job::restart(&world.database.connection, id, world.user, None).await.unwrap().created().unwrap().unwrap();
    let ended = world.end(id).await;
    assert_eq!((ended.status, ended.error_code), (Status::Completed, None));
    assert!(ended.may_have_been_charged, "the request that was left behind may have cost");
    assert_eq!(world.simulator.stats().total.submissions, 2);
}
