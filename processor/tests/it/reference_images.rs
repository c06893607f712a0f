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

#[tokio::test]
async fn the_memory_of_many_large_images_is_bounded() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let image = platform.create_image(&vec![7; 15 * 1024 * 1024]).await;
    let processor = platform.processor(&[("PROCESSOR_SLOTS", "12")]);
    let mut jobs = Vec::new();
    for _ in 0..12 {
        jobs.push(platform.create_with_image("from a large image", image.id).await);
    }
    for job in jobs {
        assert_eq!(platform.end(job).await.status, Status::Completed);
    }
    assert_eq!(platform.simulator.stats().total.images, 12);
    let status = std::fs::read_to_string(format!("/proc/{}/status", processor.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // All at once would take 700 MB.
    assert!(peak < 450_000, "{peak} kB");
}
