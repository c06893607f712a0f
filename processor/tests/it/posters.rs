//! Posters, sizes and lengths of stored videos.

use bus::Control;
use entity::job::Status;
use testkit::{Database, eventually};

use crate::test_platform::TestPlatform;

#[tokio::test]
async fn adds_a_poster_and_the_size_to_a_completed_video() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let _processor = platform.processor(&[]);
        let id = platform.submit("a paper boat").await;
        let ended = platform.end(id).await;
        let with_poster = platform.until(id, "there is a poster", |job| job.has_poster).await;
        assert_eq!((with_poster.status, with_poster.seq), (Status::Completed, ended.seq + 1));
        let row = platform.video_row(&with_poster).await;
        assert_eq!((row.width, row.height, row.duration_ms), (Some(360), Some(640), Some(5_000)));
        let poster = std::fs::read(platform.folder().join(row.poster_path.unwrap())).unwrap();
        assert!(poster.starts_with(&[0xff, 0xd8, 0xff]), "not a JPEG");
    }
}

#[tokio::test]
async fn makes_a_spritesheet_on_request() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processors = [platform.processor(&[]), platform.processor(&[])];
    let id = platform.submit("a paper boat").await;
    let job = platform.until(id, "there is a poster", |job| job.has_poster).await;
    let video = platform.video_row(&job).await;
    let path = platform.folder().join(video.spritesheet_path().unwrap());
    assert!(!path.exists(), "nobody has asked for it");
    eventually("there is a spritesheet", async || {
        platform.bus.send_control(&Control::SpritesheetRequested { video: video.id }).await.unwrap();
        path.exists().then_some(())
    })
    .await;
    assert!(std::fs::read(path).unwrap().starts_with(&[0xff, 0xd8, 0xff]), "not a JPEG");
}

#[tokio::test]
async fn makes_missed_posters_once_ffmpeg_is_available() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let ended = platform.complete_without_poster("a paper boat").await;
    assert_eq!((ended.has_poster, platform.video_row(&ended).await.inspected_at), (false, None));
    platform.backdate_video(ended.video_id.unwrap()).await;
    platform.run_housekeeping(&[]).await;
    assert!(platform.row(ended.id).await.has_poster);
}

#[tokio::test]
async fn inspects_a_hostile_file_once_and_reads_nothing_from_it() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    std::fs::write(platform.folder().join("secret"), "top secret").unwrap();
    let secret = platform.folder().join("secret");
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:{}\n#EXT-X-ENDLIST\n", secret.display());
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
    let truncated = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\xff\xff\xff\xffmoov".to_vec();
    for content in [playlist.into_bytes(), concat.into_bytes(), truncated, Vec::new()] {
        let ended = platform.complete_without_poster("a paper boat").await;
        let video = platform.video_row(&ended).await;
        std::fs::write(platform.folder().join(&video.path), content).unwrap();
        platform.backdate_video(video.id).await;
        platform.run_housekeeping(&[]).await;
        let inspected = platform.video_row(&ended).await;
        assert!(inspected.inspected_at.is_some());
        assert_eq!((inspected.poster_path, inspected.width, inspected.duration_ms), (None, None, None));
    }
}
