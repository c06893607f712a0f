//! Results that are hard to download: the download is retried, the request never.

use entity::job::{self, Phase, Status};
use testkit::Database;

use crate::test_platform::TestPlatform;

#[tokio::test]
async fn retries_a_failed_download_without_resubmitting() {
    for tags in ["url-404-then-ok", "truncated-file*1", "truncated-file*1,no-range", "url-html*2", "url-redirect"] {
        let platform = TestPlatform::new(Database::sqlite().await, 0).await;
        let url = platform.simulator.videos_url();
        let processors = [platform.processor(&[]), platform.processor(&[("SORA_API_URL", &url)])];
        for processor in processors {
            let ended = platform.end(platform.submit(&format!("[sim:{tags}]")).await).await;
            assert_eq!((ended.status, ended.error_code), (Status::Completed, None), "{tags}");
            drop(processor);
        }
        assert_eq!(platform.simulator.stats().total.submissions, 2, "{tags}");
    }
}

#[tokio::test]
async fn keeps_the_address_of_an_unfetchable_result_and_downloads_it_on_request() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[("SORA_RETRY_BASE", "1ms")]);
    for tags in
        ["url-expired", "url-html", "url-json", "url-empty", "url-private", "url-metadata", "url-redirect-private"]
    {
        let ended = platform.end(platform.submit(&format!("[sim:{tags}]")).await).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("unfetchable")), "{tags}");
        assert_eq!((ended.fetches, ended.may_have_been_charged), (4, true), "{tags}");
        assert!(platform.attempts(ended.id).await[0].result_url.is_some());
    }
    let id = platform.submit("[sim:url-404=5]").await;
    assert_eq!(platform.end(id).await.error_code.as_deref(), Some("unfetchable"));
    job::refetch(&platform.database.connection, id, platform.user).await.unwrap().unwrap();
    assert_eq!(platform.end(id).await.status, Status::Completed);
    assert_eq!(platform.simulator.stats_of("[sim:url-404=5]").submissions, 1);
}

#[tokio::test]
async fn defers_downloads_while_the_storage_cannot_be_written() {
    let platform = TestPlatform::new(Database::sqlite().await, 100).await;
    let _processor = platform.processor(&[]);
    let id = platform.submit("finished, but cannot be stored").await;
    platform.until(id, "progress begins", |job| job.progress > 0).await;
    // A file in place of the folder for videos.
    let videos = platform.folder().join("videos");
    std::fs::remove_dir(&videos).ok();
    std::fs::write(videos, "").unwrap();
    let waiting = platform.until(id, "the download waits", |job| job.phase == Some(Phase::Retrying)).await;
    assert_eq!((waiting.status, waiting.fetches, waiting.retries), (Status::Pending, 0, 0));
    assert!(platform.attempts(id).await[0].result_url.is_some());
    assert_eq!(platform.simulator.stats().total.submissions, 1);
}

#[tokio::test]
async fn submits_nothing_while_the_bucket_does_not_answer() {
    let unreachable = format!("https://127.0.0.1:{}", testkit::free_port().await);
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor = platform.processor(&[
        ("STORAGE_URL", "s3://videos"),
        ("S3_ENDPOINT", unreachable.as_str()),
        ("S3_ACCESS_KEY_ID", "test"),
        ("S3_SECRET_ACCESS_KEY", "test"),
    ]);
    let id = platform.submit("could not be stored").await;
    let waiting = platform.until(id, "the job is deferred", |job| job.next_attempt_at.is_some()).await;
    assert_eq!((waiting.status, waiting.fetches, waiting.retries), (Status::Pending, 0, 0));
    assert_eq!(platform.simulator.stats().total.submissions, 0);
}
