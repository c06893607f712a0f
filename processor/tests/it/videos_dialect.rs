//! The `videos` dialect: generations have ids, so they are resumed and never submitted again.

use entity::job::{self, CancelResult, Phase, Status};
use simulator::{Config, Flavour};
use testkit::{Database, Process, eventually};

use crate::test_platform::TestPlatform;
use crate::test_platform::{signal, terminate};

/// A platform whose upstream updates a generation every `pace` milliseconds.
async fn platform(database: Database, pace: u64, flavour: Flavour) -> TestPlatform {
    TestPlatform::with(database, Config { pace, flavour, steps: 10, poll_after: Some(20), ..Config::default() }).await
}

fn processor(platform: &TestPlatform, variables: &[(&str, &str)]) -> Process {
    let url = platform.simulator.videos_url();
    let mut all = vec![("SORA_API_URL", url.as_str())];
    all.extend(variables);
    platform.processor(&all)
}

#[tokio::test]
async fn resumes_the_generation_of_a_killed_processor() {
    for database in Database::each().await {
        let platform = platform(database, 200, Flavour::Openai).await;
        let first = processor(&platform, &[]);
        let id = platform.submit("the processor is killed").await;
        platform.until(id, "progress begins", |job| job.progress > 0).await;
        let _second = processor(&platform, &[]);
        first.kill().await;
        let ended = platform.end(id).await;
        assert_eq!((ended.status, ended.error_code, ended.crashes), (Status::Completed, None, 1));
        assert!(!ended.may_have_been_charged);
        let attempts = platform.attempts(id).await;
        assert_eq!((attempts.len(), attempts[0].outcome.as_deref()), (1, Some("completed")));
        let counts = platform.simulator.stats().total;
        assert_eq!((counts.requests, counts.submissions), (1, 1));
        platform.redis_is_empty(id).await;
    }
}

#[tokio::test]
async fn hands_over_a_generation_at_once_when_asked_to_stop() {
    let platform = platform(Database::postgres().await, 400, Flavour::Openai).await;
    // A long drain timeout that is not used.
    let first = processor(&platform, &[("DRAIN_TIMEOUT", "10m")]);
    let id = platform.submit("the processor is stopped").await;
    platform.until(id, "progress begins", |job| job.progress > 0).await;
    assert_eq!(terminate(first).await, Some(0));
    let left = platform.row(id).await;
    assert_eq!((left.status, left.crashes, left.resubmits), (Status::Pending, 0, 0));
    let _second = processor(&platform, &[]);
    assert_eq!(platform.end(id).await.status, Status::Completed);
    assert_eq!(platform.simulator.stats().total.requests, 1);
}

#[tokio::test]
async fn a_suspended_processor_polls_no_more_and_changes_nothing() {
    let platform = platform(Database::sqlite().await, 300, Flavour::Openai).await;
    // Without posters, which would change the job once more.
    let no_posters = [("FFMPEG", "/nowhere/ffmpeg")];
    let suspended = processor(&platform, &no_posters);
    let id = platform.submit("the processor is suspended").await;
    platform.until(id, "progress begins", |job| job.progress > 0).await;
    signal(&suspended, "STOP").await;
    let _second = processor(&platform, &no_posters);
    let ended = platform.end(id).await;
    assert_eq!(ended.status, Status::Completed);
    signal(&suspended, "CONT").await;
    assert_eq!(platform.end(platform.submit("the next one").await).await.status, Status::Completed);
    assert_eq!(platform.row(id).await, ended);
    assert_eq!(platform.simulator.stats().total.requests, 2);
}

#[tokio::test]
async fn records_how_each_generation_failed() {
    let platform = platform(Database::sqlite().await, 0, Flavour::Openai).await;
    let _processor = processor(&platform, &[]);
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
    for (tag, code, submissions) in cases {
        let prompt = format!("[sim:{tag}]");
        let ended = platform.end(platform.submit(&prompt).await).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some(code)), "{tag}");
        assert_eq!(ended.may_have_been_charged, submissions > 0, "{tag}");
        assert_eq!(platform.simulator.stats_of(&prompt).submissions, submissions, "{tag}");
        assert_eq!(platform.attempts(ended.id).await.len(), 1, "{tag}");
    }
}

#[tokio::test]
async fn never_polls_another_upstream_for_a_generation() {
    let platform = platform(Database::sqlite().await, 3_600_000, Flavour::Openai).await;
    let first = processor(&platform, &[]);
    let id = platform.submit("started elsewhere").await;
    platform.until(id, "the upstream has it", |job| job.phase == Some(Phase::Queued)).await;
    assert_eq!(terminate(first).await, Some(0));
    let _second = platform.processor(&[]);
    let ended = platform.end(id).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("upstream_changed")));
    assert!(ended.may_have_been_charged);
    assert_eq!(platform.simulator.stats().total.requests, 1);
}

#[tokio::test]
async fn cancels_generations_upstream_for_running_and_waiting_jobs() {
    let platform = platform(Database::sqlite().await, 3_600_000, Flavour::VllmOmni).await;
    let first = processor(&platform, &[]);
    let (running, waiting) = (platform.submit("running").await, platform.submit("waiting").await);
    for id in [running, waiting] {
        platform.until(id, "the upstream has it", |job| job.phase == Some(Phase::Queued)).await;
    }
    let db = &platform.database.connection;
    assert!(matches!(job::cancel(db, running, platform.user).await.unwrap(), Some(CancelResult::Requested(_))));
    assert_eq!(platform.end(running).await.status, Status::Cancelled);
    eventually("the generation is cancelled", async || (platform.simulator.stats().total.cancels == 1).then_some(()))
        .await;
    assert_eq!(terminate(first).await, Some(0));
    assert!(matches!(job::cancel(db, waiting, platform.user).await.unwrap(), Some(CancelResult::Cancelled(_))));
    let _second = processor(&platform, &[]);
    eventually("the generation is cancelled by another processor", async || {
        (platform.simulator.stats().total.cancels == 2).then_some(())
    })
    .await;
    for id in [running, waiting] {
        let attempts = eventually("the attempt ends", async || {
            Some(platform.attempts(id).await).filter(|attempts| attempts[0].outcome.is_some())
        });
        assert_eq!(attempts.await[0].outcome.as_deref(), Some("cancelled"));
    }
}

#[tokio::test]
async fn jobs_over_the_daily_limit_wait_for_the_next_day() {
    let platform = platform(Database::sqlite().await, 0, Flavour::Openai).await;
    let _processor = processor(&platform, &[("DAILY_SUBMISSIONS_PER_USER", "2")]);
    // A rejected request is no submission.
    assert_eq!(platform.end(platform.submit("[sim:http-422]").await).await.status, Status::Failed);
    for n in 0..2 {
        assert_eq!(platform.end(platform.submit(&format!("video {n}")).await).await.status, Status::Completed);
    }
    let third = platform.submit("one too many").await;
    let waiting = platform.until(third, "the job waits", |job| job.phase == Some(Phase::Retrying)).await;
    assert!(waiting.next_attempt_at.is_some());
    assert_eq!((waiting.retries, waiting.resubmits), (0, 0));
    assert!(platform.attempts(third).await.is_empty());
    assert_eq!(platform.simulator.stats().total.submissions, 2);
}

#[tokio::test]
async fn reports_a_rejected_token_in_readiness_and_metrics() {
    let platform = platform(Database::sqlite().await, 0, Flavour::Openai).await;
    let listen = format!("127.0.0.1:{}", testkit::free_port().await);
    let _processor = processor(&platform, &[("METRICS_LISTEN", listen.as_str())]);
    platform.end(platform.submit("[sim:http-402]").await).await;
    let ready = testkit::get(&listen, "/readyz").await;
    assert!(ready.contains("\"upstream\":\"unauthorised\""), "{ready}");
    let metrics = testkit::get(&listen, "/metrics").await;
    assert!(metrics.contains("sora_attempts_ended_total{outcome=\"unauthorised\"} 1"), "{metrics}");
    platform.end(platform.submit("accepted again").await).await;
    let ready = testkit::get(&listen, "/readyz").await;
    assert!(ready.contains("\"upstream\":\"ok\""), "{ready}");
}
