//! How often a request is sent, as counted by the upstream.

use entity::job::Status;
use testkit::Database;

use crate::test_platform::TestPlatform;

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
