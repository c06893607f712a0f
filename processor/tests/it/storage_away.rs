//! A storage that is unmounted, replaced or cannot be written to while jobs run, and its identification at the first start.

use std::path::PathBuf;

use entity::job::{self, Status};
use entity::{JobId, storage_id};
use sea_orm::{ConnectionTrait, EntityTrait, TransactionTrait};
use storage::Storage;
use testkit::{Database, Process, eventually, free_port, get};

use crate::test_platform::TestPlatform;

const JOBS: usize = 4;

const NO_POSTERS: (&str, &str) = ("FFMPEG", "/nowhere/ffmpeg");

/// Puts an empty folder in the storage's place, as when it is unmounted. Returns where the storage is now.
fn unmount(platform: &TestPlatform) -> PathBuf {
    let away = platform.folder().with_extension("away");
    std::fs::rename(platform.folder(), &away).unwrap();
    std::fs::create_dir(platform.folder()).unwrap();
    away
}

/// Puts the storage back. Nothing may have been written in its place.
fn mount(platform: &TestPlatform, away: PathBuf) {
    std::fs::remove_dir(platform.folder()).unwrap();
    std::fs::rename(away, platform.folder()).unwrap();
}

/// Waits until a job is deferred.
async fn deferred(platform: &TestPlatform, job: JobId) {
    platform.until(job, "the job is deferred", |job| job.next_attempt_at.is_some()).await;
}

/// Waits for a job's end, and requires that it drew no budget.
async fn completed(platform: &TestPlatform, job: JobId) -> job::Model {
    let ended = platform.end(job).await;
    assert_eq!((ended.status, ended.fetches, ended.crashes), (Status::Completed, 0, 0));
    ended
}

async fn ready(address: &str, expected: &str) {
    eventually(expected, async || get(address, "/readyz").await.contains(expected).then_some(())).await;
}

#[tokio::test]
async fn jobs_wait_for_an_unmounted_folder_and_none_is_bought_meanwhile() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 100).await;
        let address = format!("127.0.0.1:{}", free_port().await);
        let _processor = platform.processor(&[NO_POSTERS, ("METRICS_LISTEN", &address)]);
        let mut jobs = Vec::new();
        for number in 0..JOBS {
            jobs.push(platform.submit(&format!("unmounted {number}")).await);
        }
        for job in &jobs {
            platform.until(*job, "progress begins", |job| job.progress > 0).await;
        }
        let away = unmount(&platform);
        jobs.push(platform.submit("not bought yet").await);
        for job in &jobs {
            deferred(&platform, *job).await;
        }
        ready(&address, r#""storage":"down""#).await;
        assert_eq!(platform.simulator.stats().total.submissions, JOBS as u64);
        mount(&platform, away);
        ready(&address, r#""storage":"up""#).await;
        for job in &jobs {
            let ended = completed(&platform, *job).await;
            assert!(!platform.video(&ended).await.is_empty());
        }
        assert_eq!(platform.simulator.stats().total.submissions, JOBS as u64 + 1);
    }
}

#[tokio::test]
async fn nothing_is_bought_while_the_storage_cannot_be_written_to() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 100).await;
        let address = format!("127.0.0.1:{}", free_port().await);
        let _processor = platform.processor(&[NO_POSTERS, ("METRICS_LISTEN", &address)]);
        let running = platform.submit("runs").await;
        platform.until(running, "progress begins", |job| job.progress > 0).await;
        ready(&address, r#""storage":"up""#).await;
        // Everything can be read, but even root cannot create a file below a file.
        let videos = platform.folder().join("videos");
        std::fs::remove_dir(&videos).ok();
        std::fs::write(&videos, "").unwrap();
        ready(&address, r#""storage":"down""#).await;
        let waiting = platform.submit("not bought yet").await;
        for job in [running, waiting] {
            deferred(&platform, job).await;
        }
        assert_eq!(platform.simulator.stats().total.submissions, 1);
        std::fs::remove_file(&videos).unwrap();
        for job in [running, waiting] {
            completed(&platform, job).await;
        }
        assert_eq!(platform.simulator.stats().total.submissions, 2);
        ready(&address, r#""storage":"up""#).await;
    }
}

#[tokio::test]
async fn readiness_says_that_the_database_can_only_be_read() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let address = format!("127.0.0.1:{}", free_port().await);
    let _processor = platform.processor(&[NO_POSTERS, ("METRICS_LISTEN", &address)]);
    completed(&platform, platform.submit("while it can be written to").await).await;
    let lock = platform.database.connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE schema_version IN EXCLUSIVE MODE").await.unwrap();
    ready(&address, r#""database":"unwritable""#).await;
    lock.rollback().await.unwrap();
    ready(&address, r#""database":"up""#).await;
}

#[tokio::test]
async fn an_earlier_installation_is_identified_at_its_first_start() {
    for database in Database::each().await {
        let platform = TestPlatform::new(database, 0).await;
        platform.complete_without_poster("of an earlier release").await;
        forget(&platform).await;
        let _processor = platform.processor(&[NO_POSTERS]);
        let recorded = eventually("the storage is recorded", async || {
            storage_id::recorded(&platform.database.connection).await.unwrap().filter(|recorded| recorded.written)
        })
        .await;
        let file = std::fs::read_to_string(platform.folder().join("storage-id")).unwrap();
        assert_eq!(file.trim(), recorded.storage_id.to_string());
    }
}

#[tokio::test]
async fn an_empty_folder_is_not_identified_as_the_storage_of_existing_videos() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    platform.complete_without_poster("of an earlier release").await;
    forget(&platform).await;
    let away = unmount(&platform);
    let _processor = platform.processor(&[NO_POSTERS]);
    let job = platform.submit("waits").await;
    deferred(&platform, job).await;
    assert_eq!(platform.simulator.stats().total.submissions, 1);
    mount(&platform, away);
    completed(&platform, job).await;
}

#[tokio::test]
async fn an_operator_can_adopt_another_storage() {
    let platform = TestPlatform::new(Database::sqlite().await, 0).await;
    let _processor: Process = platform.processor(&[NO_POSTERS]);
    completed(&platform, platform.submit("in the lost storage").await).await;
    let _lost = unmount(&platform);
    let job = platform.submit("waits").await;
    deferred(&platform, job).await;
    platform.run_command("adopt-storage", &[]).await;
    completed(&platform, job).await;
}

#[tokio::test]
async fn jobs_wait_for_a_bucket_without_its_id() {
    let platform = TestPlatform::new(Database::postgres().await, 0).await;
    let bucket = testkit::Bucket::new().await.variables();
    let mut variables: Vec<_> = bucket.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(NO_POSTERS);
    let _processor = platform.processor(&variables);
    completed(&platform, platform.submit("into the bucket").await).await;
    let storage = opened(&bucket);
    let id = storage.id().await.unwrap().unwrap();
    storage.delete("storage-id").await.unwrap();
    let job = platform.submit("waits").await;
    deferred(&platform, job).await;
    assert_eq!(platform.simulator.stats().total.submissions, 1);
    storage.write_id(id).await.unwrap();
    completed(&platform, job).await;
}

/// Makes the database and the folder those of a release that knew no id.
async fn forget(platform: &TestPlatform) {
    storage_id::Entity::delete_many().exec(&platform.database.connection).await.unwrap();
    std::fs::remove_file(platform.folder().join("storage-id")).unwrap();
}

fn opened(variables: &[(&'static str, String)]) -> Storage {
    let lookup = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.clone());
    let mut env = service::Environment::new(&lookup);
    let config = storage::StorageConfig::read(&mut env);
    Storage::open(&env.finish(config).unwrap()).unwrap()
}
