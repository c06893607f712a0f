//! A folder as storage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use storage::{Error, PutError, Storage, video_path};
use uuid::Uuid;

type Chunk = Result<Bytes, &'static str>;

fn chunks(parts: &[Result<&'static str, &'static str>]) -> impl futures::Stream<Item = Chunk> + Unpin {
    stream::iter(parts.iter().map(|part| part.map(Bytes::from)).collect::<Vec<_>>())
}

async fn read(storage: &Storage, path: &str, range: Option<std::ops::Range<u64>>) -> Result<(u64, Vec<u8>), Error> {
    let content = storage.get(path, range).await?;
    let bytes: Vec<Bytes> = content.bytes.try_collect().await?;
    Ok((content.size, bytes.concat()))
}

#[tokio::test]
async fn what_was_put_can_be_had_whole_in_parts_and_no_more_once_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    let path = video_path(Uuid::now_v7(), 3, "mp4");
    let stored = storage.put(&path, chunks(&[Ok("hello "), Ok("world")])).await.unwrap();
    assert_eq!(stored.size, 11);
    assert_eq!(stored.sha256, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
    assert_eq!(read(&storage, &path, None).await.unwrap(), (11, b"hello world".to_vec()));
    assert_eq!(read(&storage, &path, Some(6..9)).await.unwrap(), (11, b"wor".to_vec()));
    storage.delete(&path).await.unwrap();
    storage.delete(&path).await.unwrap();
    assert!(matches!(read(&storage, &path, None).await, Err(Error::Missing(_))));
}

#[tokio::test]
async fn content_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    let broken = storage.put("videos/x.mp4", chunks(&[Ok("half"), Err("cut")])).await;
    assert!(matches!(broken, Err(PutError::Source("cut"))));
    assert!(matches!(read(&storage, "videos/x.mp4", None).await, Err(Error::Missing(_))));
    let left = walk(folder.path());
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    let storage = Storage::folder(&inside).unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    assert!(matches!(read(&storage, "../secret", None).await, Err(Error::Missing(_))));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
