//! The storage's id: another storage in its place is neither written to nor taken for one that lacks a file.

use std::path::Path;

use bytes::Bytes;
use futures::{StreamExt, stream};
use storage::{Error, Expected, PutError, Storage};
use uuid::Uuid;

use crate::world::{World, chunks, read};

#[tokio::test]
async fn only_the_expected_storage_is_used() {
    for World { storage, .. } in World::each().await {
        let id = Uuid::now_v7();
        for expected in [Expected::None, Expected::Id(id)] {
            storage.expect(expected);
            assert!(matches!(storage.ping().await, Err(Error::Wrong)));
            let refused = storage.put("videos/x.mp4", chunks(&[Ok("x")])).await;
            assert!(matches!(refused, Err(PutError::Storage(Error::Wrong))));
            assert!(matches!(read(&storage, "videos/x.mp4", None).await, Err(Error::Wrong)));
            assert!(matches!(storage.size("videos/x.mp4").await, Err(Error::Wrong)));
        }
        assert!(storage.list().next().await.is_none());
        storage.write_id(id).await.unwrap();
        assert_eq!(storage.id().await.unwrap(), Some(id));
        storage.ping().await.unwrap();
        storage.put("videos/x.mp4", chunks(&[Ok("x")])).await.unwrap();
        assert!(matches!(read(&storage, "videos/y.mp4", None).await, Err(Error::NotFound(_))));
        storage.expect(Expected::Id(Uuid::now_v7()));
        assert!(matches!(storage.verify().await, Err(Error::Wrong)));
        assert_eq!(read(&storage, "videos/x.mp4", None).await.unwrap().1, b"x");
    }
}

#[tokio::test]
async fn a_file_with_something_else_is_no_id() {
    for World { storage, .. } in World::each().await {
        storage.put("storage-id", chunks(&[Ok("notes")])).await.unwrap();
        assert!(matches!(storage.id().await, Err(Error::InvalidId)));
        storage.expect(Expected::Id(Uuid::now_v7()));
        assert!(matches!(storage.verify().await, Err(Error::Wrong)));
    }
}

#[tokio::test]
async fn nothing_is_stored_in_the_folder_below_an_unmounted_one() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, away) = (parent.path().join("videos"), parent.path().join("away"));
    let storage = identified(&folder).await;
    std::fs::rename(&folder, &away).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let refused = storage.put("videos/x.mp4", chunks(&[Ok("x")])).await;
    assert!(matches!(refused, Err(PutError::Storage(Error::Wrong))));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
    std::fs::rename(&away, &folder).unwrap();
    storage.put("videos/x.mp4", chunks(&[Ok("x")])).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_unmounted_while_a_file_is_written_does_not_hold_it() {
    let parent = tempfile::tempdir().unwrap();
    let (folder, away) = (parent.path().join("videos"), parent.path().join("away"));
    let storage = identified(&folder).await;
    let content = stream::iter(["first", "second"]).map(|part| {
        if part == "first" {
            std::fs::rename(&folder, &away).unwrap();
            std::fs::create_dir(&folder).unwrap();
        }
        Ok::<_, &str>(Bytes::from(part))
    });
    assert!(matches!(storage.put("videos/x.mp4", content).await, Err(PutError::Storage(_))));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "a file was left");
}

async fn identified(folder: &Path) -> Storage {
    let (storage, id) = (Storage::folder(folder).unwrap(), Uuid::now_v7());
    storage.write_id(id).await.unwrap();
    storage.expect(Expected::Id(id));
    storage
}
