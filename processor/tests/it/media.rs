//! What is done about files beside bringing them: a look inside, and tidying away.

use std::time::{Duration, SystemTime};

use entity::id::new_id;
use entity::job::{self, Phase, Status};
use entity::{JobId, image, video};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use testkit::Database;

use crate::world::World;

const DAY: Duration = Duration::from_secs(86_400);

async fn row(world: &World, job: &job::Model) -> video::Model {
    video::by_id(&world.database.connection, job.video_id.unwrap()).await.unwrap().unwrap()
}

async fn completed(world: &World, prompt: &str) -> job::Model {
    let _processor = world.processor(&[("FFMPEG", "/nowhere/ffmpeg")]);
    let ended = world.end(world.submit(prompt).await).await;
    assert_eq!(ended.status, Status::Completed);
    ended
}

/// Lets a video be as old as its file.
async fn made_long_ago(world: &World, id: entity::VideoId) {
    let row = video::ActiveModel { id: Set(id), created_at: Set(1_000), ..Default::default() };
    row.update(&world.database.connection).await.unwrap();
}

/// Puts a file into the storage, last changed two days ago.
fn old_file(world: &World, path: &str, content: &[u8]) {
    let path = world.folder().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - 2 * DAY).unwrap();
}

#[tokio::test]
async fn a_video_gets_a_poster_and_its_measures_and_its_job_says_so() {
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let _processor = world.processor(&[]);
        let id = world.submit("a paper boat").await;
        let ended = world.end(id).await;
        let with_poster = world.until(id, "there is a poster", |job| job.has_poster).await;
        assert_eq!((with_poster.status, with_poster.seq), (Status::Completed, ended.seq + 1));
        let row = row(&world, &with_poster).await;
        assert_eq!((row.width, row.height, row.duration_ms), (Some(360), Some(640), Some(5_000)));
        let poster = std::fs::read(world.folder().join(row.poster_path.unwrap())).unwrap();
        assert!(poster.starts_with(&[0xff, 0xd8, 0xff]), "no JPEG");
    }
}

#[tokio::test]
async fn without_the_programs_there_is_no_poster_until_they_come() {
    let world = World::new(Database::sqlite().await, 0).await;
    let ended = completed(&world, "a paper boat").await;
    assert_eq!((ended.has_poster, row(&world, &ended).await.inspected_at), (false, None));
    made_long_ago(&world, ended.video_id.unwrap()).await;
    world.tidy(&[]).await;
    assert!(world.row(ended.id).await.has_poster);
}

#[tokio::test]
async fn a_hostile_file_is_looked_into_once_and_tells_nothing() {
    let world = World::new(Database::sqlite().await, 0).await;
    std::fs::write(world.folder().join("secret"), "top secret").unwrap();
    let secret = world.folder().join("secret");
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:{}\n#EXT-X-ENDLIST\n", secret.display());
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
    let cut = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\xff\xff\xff\xffmoov".to_vec();
    for content in [playlist.into_bytes(), concat.into_bytes(), cut, Vec::new()] {
        let ended = completed(&world, "a paper boat").await;
        let video = row(&world, &ended).await;
        std::fs::write(world.folder().join(&video.path), content).unwrap();
        made_long_ago(&world, video.id).await;
        world.tidy(&[]).await;
        let looked = row(&world, &ended).await;
        assert!(looked.inspected_at.is_some());
        assert_eq!((looked.poster_path, looked.width, looked.duration_ms), (None, None, None));
    }
}

#[tokio::test]
async fn jobs_are_kept_as_long_as_the_operator_says() {
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let (old, young) = (completed(&world, "old").await, completed(&world, "young").await);
        let before = old.finished_at.unwrap() - 8 * i64::try_from(DAY.as_millis()).unwrap();
        let ended = job::ActiveModel { id: Set(old.id), finished_at: Set(Some(before)), ..Default::default() };
        ended.update(&world.database.connection).await.unwrap();
        let path = world.folder().join(row(&world, &old).await.path);
        world.tidy(&[("RETENTION_DAYS", "0")]).await;
        assert!(path.exists());
        world.tidy(&[("RETENTION_DAYS", "7")]).await;
        let left: Vec<JobId> =
            job::Entity::find().all(&world.database.connection).await.unwrap().iter().map(|job| job.id).collect();
        assert_eq!(left, [young.id]);
        assert!(!path.exists() && world.folder().join(row(&world, &young).await.path).exists());
    }
}

#[tokio::test]
async fn files_that_nothing_names_go_after_a_day_and_no_others() {
    let world = World::new(Database::sqlite().await, 0).await;
    let ended = completed(&world, "kept").await;
    let kept = row(&world, &ended).await.path;
    let content = std::fs::read(world.folder().join(&kept)).unwrap();
    old_file(&world, &kept, &content);
    let gone = format!("videos/{}/1.mp4", new_id::<entity::id::kind::Job>());
    old_file(&world, &gone, b"orphan");
    old_file(&world, "notes.txt", b"somebody else's");
    let young = world.folder().join(format!("videos/{}/1.mp4", new_id::<entity::id::kind::Job>()));
    std::fs::create_dir_all(young.parent().unwrap()).unwrap();
    std::fs::write(&young, b"about to be recorded").unwrap();
    world.tidy(&[]).await;
    assert!(world.folder().join(&kept).exists() && young.exists());
    assert!(!world.folder().join(gone).exists() && world.folder().join("notes.txt").exists());
    let strangers: Vec<_> = (0..25).map(|_| storage::image_path(new_id::<entity::id::kind::Image>(), "png")).collect();
    strangers.iter().for_each(|path| old_file(&world, path, b"of another database"));
    std::fs::remove_dir_all(world.folder().join("videos")).unwrap();
    world.tidy(&[]).await;
    assert!(strangers.iter().all(|path| world.folder().join(path).exists()));
}

#[tokio::test]
async fn pictures_that_no_job_refers_to_go_after_a_day() {
    for database in Database::each().await {
        let world = World::new(database, 0).await;
        let db = &world.database.connection;
        let mut pictures = Vec::new();
        for _ in 0..3 {
            let id = new_id();
            let path = storage::image_path(id, "png");
            old_file(&world, &path, b"picture");
            let new = image::New {
                id,
                user_id: world.user,
                path,
                size: 7,
                content_type: "image/png",
                width: 1,
                height: 1,
                sha256: String::new(),
            };
            pictures.push(image::create(db, new).await.unwrap());
        }
        let [used, unused, young] = pictures.try_into().unwrap();
        for old in [&used, &unused] {
            image::ActiveModel { id: Set(old.id), created_at: Set(1_000), ..Default::default() }
                .update(db)
                .await
                .unwrap();
        }
        let job = world.create("from a picture").await;
        let referring = job::ActiveModel { id: Set(job), reference_image_id: Set(Some(used.id)), ..Default::default() };
        referring.update(db).await.unwrap();
        world.tidy(&[]).await;
        let left: Vec<_> =
            image::page(db, world.user, None, 9).await.unwrap().into_iter().map(|image| image.id).collect();
        assert_eq!(left, [young.id, used.id]);
        assert!(!world.folder().join(unused.path).exists() && world.folder().join(used.path).exists());
    }
}

#[tokio::test]
async fn the_picture_that_a_video_starts_from_is_sent_in_both_dialects_or_the_job_waits() {
    let world = World::new(Database::sqlite().await, 0).await;
    let db = &world.database.connection;
    let id = new_id();
    let path = storage::image_path(id, "png");
    old_file(&world, &path, b"\x89PNG picture");
    let new = image::New {
        id,
        user_id: world.user,
        path: path.clone(),
        size: 12,
        content_type: "image/png",
        width: 1,
        height: 1,
        sha256: String::new(),
    };
    image::create(db, new).await.unwrap();
    let videos = world.simulator.videos_url();
    for (requests, differences) in [(1, vec![]), (2, vec![("SORA_API_URL", videos.as_str())])] {
        let _processor = world.processor(&differences);
        let job = world.create("from a picture").await;
        let referring = job::ActiveModel { id: Set(job), reference_image_id: Set(Some(id)), ..Default::default() };
        referring.update(db).await.unwrap();
        assert_eq!(world.end(job).await.status, Status::Completed);
        assert_eq!(world.simulator.stats().total.images, requests);
    }
    std::fs::remove_file(world.folder().join(path)).unwrap();
    let _processor = world.processor(&[]);
    let job = world.create("without its picture").await;
    let referring = job::ActiveModel { id: Set(job), reference_image_id: Set(Some(id)), ..Default::default() };
    referring.update(db).await.unwrap();
    world.until(job, "the job waits", |job| job.phase == Some(Phase::Retrying)).await;
    assert_eq!(world.simulator.stats().total.requests, 2);
}
