//! An upstream that knows its generations by ids: what was paid for is asked about and never sent again.

use entity::job::{self, CancelResult, Phase, Status};
use simulator::{Config, Flavour};
use testkit::{Database, Process, eventually};

use crate::recovery::{signal, terminated};
use crate::world::World;

/// A world whose upstream tells each `pace` milliseconds how a generation goes.
async fn world(database: Database, pace: u64, flavour: Flavour) -> World {
    World::with(database, Config { pace, flavour, steps: 10, poll_after: Some(20), ..Config::default() }).await
}

fn processor(world: &World, differences: &[(&str, &str)]) -> Process {
    let url = world.simulator.videos_url();
    let mut all = vec![("SORA_API_URL", url.as_str())];
    all.extend(differences);
    world.processor(&all)
}

#[tokio::test]
async fn a_killed_processors_generation_is_asked_about_by_another_and_bought_once() {
    for database in Database::each().await {
        let world = world(database, 200, Flavour::Openai).await;
        let first = processor(&world, &[]);
        let id = world.submit("a processor dies over this").await;
        world.until(id, "progress begins", |job| job.progress > 0).await;
        let _second = processor(&world, &[]);
        first.kill().await;
        let ended = world.end(id).await;
        assert_eq!((ended.status, ended.error_code, ended.crashes), (Status::Completed, None, 1));
        assert!(!ended.may_have_been_charged);
        let attempts = world.attempts(id).await;
        assert_eq!((attempts.len(), attempts[0].outcome.as_deref()), (1, Some("completed")));
        let counts = world.simulator.stats().total;
        assert_eq!((counts.requests, counts.submissions), (1, 1));
        world.redis_is_empty(id).await;
    }
}

#[tokio::test]
async fn a_processor_that_is_asked_to_stop_leaves_a_generation_to_another_at_once() {
    let world = world(Database::postgres().await, 400, Flavour::Openai).await;
    // It may take its time, and does not need it.
    let first = processor(&world, &[("DRAIN_TIMEOUT", "10m")]);
    let id = world.submit("a processor leaves").await;
    world.until(id, "progress begins", |job| job.progress > 0).await;
    assert_eq!(terminated(first).await, Some(0));
    let left = world.row(id).await;
    assert_eq!((left.status, left.crashes, left.resubmits), (Status::Pending, 0, 0));
    let _second = processor(&world, &[]);
    assert_eq!(world.end(id).await.status, Status::Completed);
    assert_eq!(world.simulator.stats().total.requests, 1);
}

#[tokio::test]
async fn a_frozen_processor_that_wakes_asks_no_more_and_changes_nothing() {
    let world = world(Database::sqlite().await, 300, Flavour::Openai).await;
    // Without posters, whose coming would change the job once more.
    let plain = [("FFMPEG", "/nowhere/ffmpeg")];
    let frozen = processor(&world, &plain);
    let id = world.submit("a processor freezes over this").await;
    world.until(id, "progress begins", |job| job.progress > 0).await;
    signal(&frozen, "STOP").await;
    let _heir = processor(&world, &plain);
    let ended = world.end(id).await;
    assert_eq!(ended.status, Status::Completed);
    signal(&frozen, "CONT").await;
    assert_eq!(world.end(world.submit("the next one").await).await.status, Status::Completed);
    assert_eq!(world.row(id).await, ended);
    assert_eq!(world.simulator.stats().total.requests, 2);
}

#[tokio::test]
async fn each_end_of_a_generation_is_told_as_what_it_is() {
    let world = world(Database::sqlite().await, 0, Flavour::Openai).await;
    let _processor = processor(&world, &[]);
    let cases = [
        ("refuse@40%", "refused", 1),
        ("failed@40%", "interrupted", 1),
        ("expired", "interrupted", 1),
        ("lost@50%", "lost", 1),
        ("create-answer-lost", "unknown", 1),
        ("http-401", "unauthorised", 0),
        ("http-410", "upstream_gone", 0),
        ("http-422", "invalid", 0),
    ];
    for (word, code, submissions) in cases {
        let prompt = format!("[sim:{word}]");
        let ended = world.end(world.submit(&prompt).await).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some(code)), "{word}");
        assert_eq!(ended.may_have_been_charged, submissions > 0, "{word}");
        assert_eq!(world.simulator.stats_of(&prompt).submissions, submissions, "{word}");
        assert_eq!(world.attempts(ended.id).await.len(), 1, "{word}");
    }
}

#[tokio::test]
async fn another_upstream_is_never_asked_about_what_the_first_one_took() {
    let world = world(Database::sqlite().await, 3_600_000, Flavour::Openai).await;
    let first = processor(&world, &[]);
    let id = world.submit("begun elsewhere").await;
    world.until(id, "the upstream has it", |job| job.phase == Some(Phase::Queued)).await;
    assert_eq!(terminated(first).await, Some(0));
    let _second = world.processor(&[]);
    let ended = world.end(id).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("upstream_changed")));
    assert!(ended.may_have_been_charged);
    assert_eq!(world.simulator.stats().total.requests, 1);
}

#[tokio::test]
async fn cancelling_is_told_to_the_upstream_whether_the_job_is_in_hand_or_waits() {
    let world = world(Database::sqlite().await, 3_600_000, Flavour::VllmOmni).await;
    let first = processor(&world, &[]);
    let (in_hand, waiting) = (world.submit("in hand").await, world.submit("left behind").await);
    for id in [in_hand, waiting] {
        world.until(id, "the upstream has it", |job| job.phase == Some(Phase::Queued)).await;
    }
    let db = &world.database.connection;
    assert!(matches!(job::cancel(db, in_hand, world.user).await.unwrap(), Some(CancelResult::Requested(_))));
    assert_eq!(world.end(in_hand).await.status, Status::Cancelled);
    eventually("the upstream is told", async || (world.simulator.stats().total.cancels == 1).then_some(())).await;
    assert_eq!(terminated(first).await, Some(0));
    assert!(matches!(job::cancel(db, waiting, world.user).await.unwrap(), Some(CancelResult::Cancelled(_))));
    let _second = processor(&world, &[]);
    eventually("the upstream is told by another", async || (world.simulator.stats().total.cancels == 2).then_some(()))
        .await;
    for id in [in_hand, waiting] {
        let attempts = eventually("the attempt ends", async || {
            Some(world.attempts(id).await).filter(|attempts| attempts[0].outcome.is_some())
        });
        assert_eq!(attempts.await[0].outcome.as_deref(), Some("cancelled"));
    }
}

#[tokio::test]
async fn over_a_daily_cap_a_job_waits_for_tomorrow_and_is_not_lost() {
    let world = world(Database::sqlite().await, 0, Flavour::Openai).await;
    let _processor = processor(&world, &[("DAILY_SUBMISSIONS_PER_USER", "2")]);
    // A refused request is no submission.
    assert_eq!(world.end(world.submit("[sim:http-422]").await).await.status, Status::Failed);
    for n in 0..2 {
        assert_eq!(world.end(world.submit(&format!("video {n}")).await).await.status, Status::Completed);
    }
    let third = world.submit("one too many").await;
    let waiting = world.until(third, "the job waits", |job| job.phase == Some(Phase::Retrying)).await;
    assert!(waiting.next_attempt_at.is_some());
    assert_eq!((waiting.retries, waiting.resubmits), (0, 0));
    assert!(world.attempts(third).await.is_empty());
    assert_eq!(world.simulator.stats().total.submissions, 2);
}

#[tokio::test]
async fn what_the_operator_has_to_know_is_a_detail_of_readiness_and_a_metric() {
    let world = world(Database::sqlite().await, 0, Flavour::Openai).await;
    let listen = format!("127.0.0.1:{}", testkit::free_port().await);
    let _processor = processor(&world, &[("METRICS_LISTEN", listen.as_str())]);
    world.end(world.submit("[sim:http-402]").await).await;
    let ready = testkit::get(&listen, "/readyz").await;
    assert!(ready.contains("\"upstream\":\"unauthorised\""), "{ready}");
    let metrics = testkit::get(&listen, "/metrics").await;
    assert!(metrics.contains("sora_attempts_ended_total{outcome=\"unauthorised\"} 1"), "{metrics}");
    world.end(world.submit("paid for").await).await;
    let ready = testkit::get(&listen, "/readyz").await;
    assert!(ready.contains("\"upstream\":\"ok\""), "{ready}");
}
