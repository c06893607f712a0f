//! Behaviour specific to a folder.

use std::path::{Path, PathBuf};

use futures::StreamExt;
use storage::{Error, PutError, Storage};

use crate::world::{chunks, megabytes, read};

#[tokio::test]
async fn interrupted_write_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    let broken = storage.put("videos/x.mp4", megabytes(3).chain(chunks(&[Err("cut")]))).await;
    assert!(matches!(broken, Err(PutError::Source("cut"))));
    let left = walk(folder.path());
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn paths_cannot_escape_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(&folder.path().join("inside")).unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    assert!(matches!(read(&storage, "../secret", None).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn ping_fails_when_the_folder_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    folder.close().unwrap();
    assert!(matches!(storage.ping().await, Err(Error::Folder(_))));
}

#[tokio::test]
async fn ping_fails_while_nothing_can_be_written_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    // Even root cannot create a file below a file.
    std::fs::write(folder.path().join("videos"), "").unwrap();
    assert!(matches!(storage.ping().await, Err(Error::Store(_) | Error::Write(_))));
    assert!(matches!(storage.verify_writable().await, Err(Error::Unwritable(_) | Error::Store(_) | Error::Write(_))));
    std::fs::remove_file(folder.path().join("videos")).unwrap();
    storage.put("images/x.png", chunks(&[Ok("x")])).await.unwrap();
    storage.ping().await.unwrap();
    assert_eq!(walk(folder.path()), [folder.path().join("images/x.png")]);
}

#[tokio::test]
async fn a_failed_upload_makes_the_storage_unwritable_until_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    storage.verify_writable().await.unwrap();
    std::fs::write(folder.path().join("images"), "").unwrap();
    storage.put("images/x.png", chunks(&[Ok("x")])).await.unwrap_err();
    // The successful check before it does not count any more.
    storage.verify_writable().await.unwrap_err();
    std::fs::remove_file(folder.path().join("images")).unwrap();
    storage.put("images/x.png", chunks(&[Ok("x")])).await.unwrap();
    storage.verify_writable().await.unwrap();
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
