//! Jobs that start from a reference image.

use entity::job::{Phase, Status};
use testkit::Database;

use crate::test_platform::TestPlatform;

#[tokio::test]
async fn sends_the_reference_image_in_both_dialects_and_waits_if_it_cannot_be_read() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let image = platform.create_image(b"\x89PNG image").await;
    let videos = platform.simulator.videos_url();
    for (requests, variables) in [(1, vec![]), (2, vec![("SORA_API_URL", videos.as_str())])] {
        let _processor = platform.processor(&variables);
        let job = platform.create_with_image("from an image", image.id).await;
        assert_eq!(platform.end(job).await.status, Status::Completed);
        assert_eq!(platform.simulator.stats().total.images, requests);
    }
    std::fs::remove_file(platform.folder().join(image.path)).unwrap();
    let _processor = platform.processor(&[]);
    let job = platform.create_with_image("without its image", image.id).await;
    platform.until(job, "the job waits", |job| job.phase == Some(Phase::Retrying)).await;
    assert_eq!(platform.simulator.stats().total.requests, 2);
}
