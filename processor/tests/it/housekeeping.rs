//! Periodic cleanup: retention, orphaned files, unused reference images.

use std::time::Duration;

use entity::id::new_id;
use entity::{JobId, image, job};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use testkit::Database;

use crate::test_platform::TestPlatform;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn deletes_jobs_and_videos_past_their_retention() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let old = platform.complete_without_poster("old").await;
        let recent = platform.complete_without_poster("recent").await;
        testkit::backdate(&platform.database.connection, old.id, 8 * i64::try_from(DAY.as_millis()).unwrap()).await;
        let path = platform.folder().join(platform.video_row(&old).await.path);
        platform.run_housekeeping(&[("RETENTION_DAYS", "0")]).await;
        assert!(path.exists());
        platform.run_housekeeping(&[("RETENTION_DAYS", "7")]).await;
        let left: Vec<JobId> =
            job::Entity::find().all(&platform.database.connection).await.unwrap().iter().map(|job| job.id).collect();
        assert_eq!(left, [recent.id]);
        assert!(!path.exists() && platform.folder().join(platform.video_row(&recent).await.path).exists());
    }
}

#[tokio::test]
async fn deletes_orphaned_files_after_a_day_and_no_others() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let ended = platform.complete_without_poster("kept").await;
    let recorded = platform.video_row(&ended).await.path;
    let content = std::fs::read(platform.folder().join(&recorded)).unwrap();
    platform.write_old_file(&recorded, &content);
    let orphan = format!("videos/{}/1.mp4", new_id::<entity::id::kind::Job>());
    platform.write_old_file(&orphan, b"orphan");
    platform.write_old_file("notes.txt", b"not from the platform");
    let recent = platform.folder().join(format!("videos/{}/1.mp4", new_id::<entity::id::kind::Job>()));
    std::fs::create_dir_all(recent.parent().unwrap()).unwrap();
    std::fs::write(&recent, b"about to be recorded").unwrap();
    platform.run_housekeeping(&[]).await;
    assert!(platform.folder().join(&recorded).exists() && recent.exists());
    assert!(!platform.folder().join(orphan).exists() && platform.folder().join("notes.txt").exists());
}

#[tokio::test]
async fn deletes_nothing_if_the_storage_belongs_to_another_database() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let files: Vec<_> = (0..25).map(|_| storage::image_path(new_id::<entity::id::kind::Image>(), "png")).collect();
    files.iter().for_each(|path| platform.write_old_file(path, b"of another database"));
    platform.run_housekeeping(&[]).await;
    assert!(files.iter().all(|path| platform.folder().join(path).exists()));
}

#[tokio::test]
async fn deletes_unused_reference_images_after_a_day() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        let db = &platform.database.connection;
        let mut images = Vec::new();
        for _ in 0..3 {
            images.push(platform.create_image(b"\x89PNG image").await);
        }
        let [used, unused, recent] = images.try_into().unwrap();
        for old in [&used, &unused] {
            let row = image::ActiveModel { id: Set(old.id), created_at: Set(1_000), ..Default::default() };
            row.update(db).await.unwrap();
        }
        platform.create_with_image("from an image", used.id).await;
        platform.run_housekeeping(&[]).await;
        let left: Vec<_> =
            image::page(db, platform.user, None, 9).await.unwrap().into_iter().map(|image| image.id).collect();
        assert_eq!(left, [recent.id, used.id]);
        assert!(!platform.folder().join(unused.path).exists() && platform.folder().join(used.path).exists());
    }
}
