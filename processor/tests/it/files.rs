//! Results that are hard to fetch: tried again by themselves, never bought again.

use entity::job::{self, Phase, Status};
use testkit::Database;

use crate::world::World;

#[tokio::test]
async fn a_download_that_fails_is_tried_again_on_its_own() {
    for words in ["url-404-then-ok", "truncated-file*1", "truncated-file*1,no-range", "url-html*2", "url-redirect"] {
        let world = World::new(Database::sqlite().await, 0).await;
        let url = world.simulator.videos_url();
        let processors = [world.processor(&[]), world.processor(&[("SORA_API_URL", &url)])];
        for processor in processors {
            let ended = world.end(world.submit(&format!("[sim:{words}]")).await).await;
            assert_eq!((ended.status, ended.error_code), (Status::Completed, None), "{words}");
            drop(processor);
        }
        assert_eq!(world.simulator.stats().total.submissions, 2, "{words}");
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_fetched_is_kept_and_fetched_when_asked_for() {
    let world = World::new(Database::sqlite().await, 0).await;
    let _processor = world.processor(&[("SORA_RETRY_BASE", "1ms")]);
    for words in
        ["url-expired", "url-html", "url-json", "url-empty", "url-private", "url-metadata", "url-redirect-private"]
    {
        let ended = world.end(world.submit(&format!("[sim:{words}]")).await).await;
        assert_eq!((ended.status, ended.error_code.as_deref()), (Status::Failed, Some("unfetchable")), "{words}");
        assert_eq!((ended.fetches, ended.may_have_been_charged), (4, true), "{words}");
        assert!(world.attempts(ended.id).await[0].result_url.is_some());
    }
    let id = world.submit("[sim:url-404=5]").await;
    assert_eq!(world.end(id).await.error_code.as_deref(), Some("unfetchable"));
    job::refetch(&world.database.connection, id, world.user).await.unwrap().unwrap();
    assert_eq!(world.end(id).await.status, Status::Completed);
    assert_eq!(world.simulator.stats_of("[sim:url-404=5]").submissions, 1);
}

#[tokio::test]
async fn a_storage_that_takes_nothing_makes_downloads_wait_at_no_cost() {
    let nobody = format!("https://127.0.0.1:{}", testkit::free_port().await);
    let away = [
        ("STORAGE_URL", "s3://videos"),
        ("S3_ENDPOINT", nobody.as_str()),
        ("S3_ACCESS_KEY_ID", "test"),
        ("S3_SECRET_ACCESS_KEY", "test"),
    ];
    for storage in [&[], away.as_slice()] {
        let world = World::new(Database::sqlite().await, 0).await;
        // A file where the folder of the videos should be.
        std::fs::write(world.folder().join("videos"), "").unwrap();
        let _processor = world.processor(storage);
        let id = world.submit("made, and nowhere to put it").await;
        let waiting = world.until(id, "the download waits", |job| job.phase == Some(Phase::Retrying)).await;
        assert_eq!((waiting.status, waiting.fetches, waiting.retries), (Status::Pending, 0, 0));
        assert!(world.attempts(id).await[0].result_url.is_some());
        assert_eq!(world.simulator.stats().total.submissions, 1);
    }
}
