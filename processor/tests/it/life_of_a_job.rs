//! From pending to its end, when nothing dies.

use entity::job::Status;
use testkit::Database;

use crate::world::World;

#[tokio::test]
async fn a_prompt_becomes_a_stored_video() {
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let _processor = world.processor(&[]);
        let ended = world.end(world.submit("夕阳下的海边").await).await;
        assert_eq!((ended.status, ended.progress, ended.phase), (Status::Completed, 100, None));
        assert!(ended.worker_id.is_none() && ended.finished_at.is_some() && !ended.may_have_been_charged);
        assert_eq!(&world.video(&ended).await[4..8], b"ftyp");
        let attempts = world.attempts(ended.id).await;
        assert_eq!(attempts.len(), 1);
        assert!(attempts[0].accepted_at.is_some() && attempts[0].result_url.is_some());
        assert_eq!(attempts[0].outcome.as_deref(), Some("completed"));
        assert_eq!(world.simulator.stats().total.submissions, 1);
        world.redis_is_empty(ended.id).await;
    }
}

#[tokio::test]
async fn no_prompt_is_read_as_the_upstreams_word() {
    let world = World::new(Database::postgres().await, 0).await;
    let _processor = world.processor(&[]);
    let mut jobs = Vec::new();
    for prompt in testkit::prompts() {
        jobs.push((world.submit(&prompt.prompt).await, prompt.prompt));
    }
    for (job, prompt) in &jobs {
        let ended = world.end(*job).await;
        assert_eq!((ended.status, ended.error_code), (Status::Completed, None), "{prompt}");
        assert_eq!(ended.prompt, *prompt);
    }
    assert_eq!(world.simulator.stats().total.submissions, jobs.len() as u64);
}

#[tokio::test]
async fn a_refusal_ends_the_job_with_its_reason() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[("SORA_MAX_RESUBMITS", "3")]);
    let ended = world.end(world.submit("no [sim:refuse@40%]").await).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("refused")));
    assert!(ended.error_message.unwrap().contains("审核"));
    assert!(ended.may_have_been_charged, "it was taken before it was refused");
    assert_eq!(world.attempts(ended.id).await.len(), 1);
}

#[tokio::test]
async fn jobs_that_redis_never_heard_of_are_found_in_the_database() {
    let world = World::new(Database::sqlite().await, 0).await;
    let job = world.create("written while Redis was away").await;
    let _processor = world.processor(&[]);
    assert_eq!(world.end(job).await.status, Status::Completed);
}

#[tokio::test]
async fn an_upstream_that_is_down_leaves_the_job_visibly_retrying() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor =
        world.processor(&[("SORA_API_URL", "http://127.0.0.1:1/v1/chat/completions"), ("SORA_RETRY_BASE", "1h")]);
    let job = world.submit("nobody listens").await;
    let waiting = world.until(job, "the job waits for a retry", |job| job.next_attempt_at.is_some()).await;
    assert_eq!((waiting.status, waiting.phase), (Status::Pending, Some(entity::job::Phase::Retrying)));
    assert_eq!(waiting.retries, 1);
    assert!(!world.attempts(job).await[0].may_have_been_charged);
}
