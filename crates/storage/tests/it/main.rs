//! Tests of the storage. Behaviour common to folders and buckets is tested on both.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod bucket;
mod folder;
mod identity;
mod world;

use futures::TryStreamExt;
use storage::{Error, PutError, video_path};
use uuid::Uuid;

use world::{World, chunks, megabytes, read};

#[tokio::test]
async fn puts_reads_and_deletes_a_file() {
    for World { storage, .. } in World::each().await {
        let path = video_path(Uuid::now_v7(), 3, "mp4");
        let stored = storage.put(&path, chunks(&[Ok("hello "), Ok("world")])).await.unwrap();
        assert_eq!(stored.size, 11);
        assert_eq!(stored.sha256, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
        assert_eq!(read(&storage, &path, None).await.unwrap(), (11, b"hello world".to_vec()));
        assert_eq!(read(&storage, &path, Some(6..9)).await.unwrap(), (11, b"wor".to_vec()));
        assert_eq!(storage.size(&path).await.unwrap(), 11);
        storage.delete(&path).await.unwrap();
        storage.delete(&path).await.unwrap();
        assert!(matches!(read(&storage, &path, None).await, Err(Error::NotFound(_))));
        assert!(matches!(storage.size(&path).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn reads_back_a_multipart_file_unchanged() {
    for World { storage, .. } in World::each().await {
        let stored = storage.put("videos/large.mp4", megabytes(12)).await.unwrap();
        assert_eq!(stored.size, 12 << 20);
        let (size, bytes) = read(&storage, "videos/large.mp4", None).await.unwrap();
        assert_eq!((size, bytes.len()), (12 << 20, 12 << 20));
        assert!(
            bytes.chunks(1 << 20).enumerate().all(|(i, mebibyte)| mebibyte.iter().all(|byte| usize::from(*byte) == i))
        );
        let seam = (5 << 20) - 1..(5 << 20) + 1;
        assert_eq!(read(&storage, "videos/large.mp4", Some(seam)).await.unwrap().1, [4, 5]);
    }
}

#[tokio::test]
async fn stores_an_empty_file() {
    for World { storage, .. } in World::each().await {
        assert_eq!(storage.put("videos/empty.mp4", chunks(&[])).await.unwrap().size, 0);
        assert_eq!(read(&storage, "videos/empty.mp4", None).await.unwrap(), (0, Vec::new()));
    }
}

#[tokio::test]
async fn failed_content_stream_leaves_no_file() {
    for world in World::each().await {
        let broken = world.storage.put("videos/x.mp4", chunks(&[Ok("half"), Err("cut")])).await;
        assert!(matches!(broken, Err(PutError::Source("cut"))));
        assert!(matches!(read(&world.storage, "videos/x.mp4", None).await, Err(Error::NotFound(_))));
        let files: Vec<_> = world.storage.list().try_collect().await.unwrap();
        assert!(files.is_empty(), "{files:?}");
    }
}

#[tokio::test]
async fn lists_every_file_with_its_path() {
    for World { storage, .. } in World::each().await {
        for path in ["videos/a/1.mp4", "images/b.png"] {
            storage.put(path, chunks(&[Ok("x")])).await.unwrap();
        }
        let mut files: Vec<_> = storage.list().map_ok(|file| file.path).try_collect().await.unwrap();
        files.sort();
        assert_eq!(files, ["images/b.png", "videos/a/1.mp4"]);
    }
}

#[tokio::test]
async fn ping_succeeds_on_a_working_storage() {
    for World { storage, .. } in World::each().await {
        storage.ping().await.unwrap();
    }
}
