//! Jobs from submission to their final state, without crashes.

use entity::job::Status;
use testkit::Database;

use crate::test_platform::TestPlatform;

#[tokio::test]
async fn stores_a_video_for_a_prompt() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let _processor = platform.processor(&[]);
        let ended = platform.end(platform.submit("夕阳下的海边").await).await;
        assert_eq!((ended.status, ended.progress, ended.phase), (Status::Completed, 100, None));
        assert!(ended.worker_id.is_none() && ended.finished_at.is_some() && !ended.may_have_been_charged);
        assert_eq!(&platform.video(&ended).await[4..8], b"ftyp");
        let attempts = platform.attempts(ended.id).await;
        assert_eq!(attempts.len(), 1);
        assert!(attempts[0].accepted_at.is_some() && attempts[0].result_url.is_some());
        assert_eq!(attempts[0].outcome.as_deref(), Some("completed"));
        assert_eq!(platform.simulator.stats().total.submissions, 1);
        platform.redis_is_empty(ended.id).await;
    }
}

#[tokio::test]
async fn never_mistakes_an_echoed_prompt_for_a_result() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let _processor = platform.processor(&[]);
    let mut jobs = Vec::new();
    for prompt in testkit::prompts() {
        jobs.push((platform.submit(&prompt.prompt).await, prompt.prompt));
    }
    for (job, prompt) in &jobs {
        let ended = platform.end(*job).await;
        assert_eq!((ended.status, ended.error_code), (Status::Completed, None), "{prompt}");
        assert_eq!(ended.prompt, *prompt);
    }
    assert_eq!(platform.simulator.stats().total.submissions, jobs.len() as u64);
}

#[tokio::test]
async fn fails_a_refused_job_with_the_reason() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[("SORA_MAX_RESUBMITS", "3")]);
    let ended = platform.end(platform.submit("no [sim:refuse@40%]").await).await;
    assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("refused")));
    assert!(ended.error_message.unwrap().contains("审核"));
    assert!(ended.may_have_been_charged, "it was accepted before it was refused");
    assert_eq!(platform.attempts(ended.id).await.len(), 1);
}

#[tokio::test]
async fn runs_jobs_that_were_never_enqueued() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let job = platform.create("written while Redis was away").await;
    let _processor = platform.processor(&[]);
    assert_eq!(platform.end(job).await.status, Status::Completed);
}

#[tokio::test]
async fn shows_a_job_as_retrying_while_the_upstream_is_down() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor =
        platform.processor(&[("SORA_API_URL", "http://127.0.0.1:1/v1/chat/completions"), ("SORA_RETRY_BASE", "1h")]);
    let job = platform.submit("the upstream is down").await;
    let waiting = platform.until(job, "the job waits for a retry", |job| job.next_attempt_at.is_some()).await;
    assert_eq!((waiting.status, waiting.phase), (Status::Pending, Some(entity::job::Phase::Retrying)));
    assert_eq!(waiting.retries, 1);
    assert!(!platform.attempts(job).await[0].may_have_been_charged);
}
