//! What holds of a folder alone.

use std::path::{Path, PathBuf};

use futures::StreamExt;
use storage::{Error, PutError, Storage};

use crate::world::{chunks, megabytes, read};

#[tokio::test]
async fn a_file_that_breaks_off_after_its_first_part_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    let broken = storage.put("videos/x.mp4", megabytes(3).chain(chunks(&[Err("cut")]))).await;
    assert!(matches!(broken, Err(PutError::Source("cut"))));
    let left = walk(folder.path());
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(&folder.path().join("inside")).unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    assert!(matches!(read(&storage, "../secret", None).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_folder_that_is_gone_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::folder(folder.path()).unwrap();
    folder.close().unwrap();
    assert!(matches!(storage.ping().await, Err(Error::Folder(_))));
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
