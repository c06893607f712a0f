//! Where video files live: a folder, or a bucket of S3 ([`StorageConfig`]).
//!
//! A file appears under its path only when it is whole: what was cut in the middle is never seen. Paths are made here
//! ([`video_path`]) and hold the epoch of the job that wrote them, so that a worker that lost its job and cleans up can
//! never delete the winner's file.

mod bucket;
mod client;
mod config;

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use config::BUCKET_PART;
pub use config::{Bucket, Credentials, StorageConfig};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("no file at {0}")]
    NotFound(String),
    /// The storage failed: it is away, the disk is full, a permission is missing …
    #[error("the storage failed: {0}")]
    Store(#[source] object_store::Error),
    /// The folder cannot be used.
    #[error("STORAGE_URL: the folder cannot be used: {0}")]
    Folder(#[source] std::io::Error),
    /// Writing failed.
    #[error("the storage could not be written: {0}")]
    Write(#[source] std::io::Error),
}

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError<E> {
    /// The content broke off.
    #[error("the content broke off")]
    Source(E),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutResult {
    /// Bytes.
    pub size: u64,
    /// Of the content, in hexadecimal.
    pub sha256: String,
}

/// A file, or a part of it, on its way out.
pub struct Content {
    /// Size of the whole file in bytes.
    pub size: u64,
    /// The part that comes.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

/// A place for files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// The same, where it is a folder.
    folder: Option<Arc<LocalFileSystem>>,
    /// Bytes of a file that are written at a time, and all that a writer keeps of it in memory.
    part: usize,
}

/// See [`Storage::part`]; into a folder.
const FOLDER_PART: usize = 1024 * 1024;

/// Where nothing is ever kept.
const NOTHING: &str = "nothing";

/// The path of the video of `job` as the holder of `epoch` writes it.
#[must_use]
pub fn video_path(job: impl Into<Uuid>, epoch: i64, extension: &str) -> String {
    format!("videos/{}/{epoch}.{extension}", job.into())
}

/// The path of a picture to start from.
#[must_use]
pub fn image_path(image: impl Into<Uuid>, extension: &str) -> String {
    format!("images/{}.{extension}", image.into())
}

/// The path of the poster of the video at `path`.
#[must_use]
pub fn poster_path(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    format!("{stem}.jpg")
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path.
    pub path: String,
    /// When it was written, epoch ms.
    pub modified: i64,
}

impl Storage {
    /// What is at `place`. A bucket may be away.
    ///
    /// # Errors
    /// A folder cannot be created or used, or no client can be made for a bucket.
    pub fn open(place: &StorageConfig) -> Result<Self, Error> {
        match place {
            StorageConfig::Folder(path) => Self::folder(path),
            StorageConfig::Bucket(bucket) => {
                Ok(Self { store: bucket::open(bucket).map_err(Error::Store)?, folder: None, part: BUCKET_PART })
            }
        }
    }

    /// The folder at `path`, created if missing.
    ///
    /// # Errors
    /// It cannot be created or used.
    pub fn folder(path: &FilePath) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(Error::Folder)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(Error::Store)?.with_automatic_cleanup(true);
        let store = Arc::new(store);
        Ok(Self { store: store.clone(), folder: Some(store), part: FOLDER_PART })
    }

    /// Stores what `content` brings, without ever holding all of it; visible only when whole.
    ///
    /// # Errors
    /// The content broke off or the storage failed; nothing is left at `path`.
    pub async fn put<E>(
        &self,
        path: &str,
        mut content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<PutResult, PutError<E>> {
        let mut writer =
            BufWriter::with_capacity(self.store.clone(), Path::from(path), self.part).with_max_concurrency(1);
        let (mut size, mut digest) = (0, Sha256::new());
        while let Some(chunk) = content.next().await {
            let written = match chunk {
                Ok(chunk) => {
                    size += chunk.len() as u64;
                    digest.update(&chunk);
                    writer.put(chunk).await.map_err(|error| PutError::Storage(Error::Write(error.into())))
                }
                Err(error) => Err(PutError::Source(error)),
            };
            if let Err(error) = written {
                writer.abort().await.ok();
                return Err(error);
            }
        }
        writer.shutdown().await.map_err(Error::Write)?;
        let sha256 = hex::encode(digest.finalize());
        Ok(PutResult { size, sha256 })
    }

    /// The file at `path`, or the part of it that `range` names.
    ///
    /// # Errors
    /// [`Error::NotFound`], or the storage failed: also when `range` begins behind the end, which is for the caller to
    /// know, who has the size on record.
    pub async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Content, Error> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let result = self.store.get_opts(&Path::from(path), options).await.map_err(classified)?;
        let (size, range) = (result.meta.size, result.range.clone());
        Ok(Content { size, range, bytes: result.into_stream().map_err(Error::Store).boxed() })
    }

    /// The size in bytes of the file at `path`, of which nothing is read.
    ///
    /// # Errors
    /// As [`Storage::get`].
    pub async fn size(&self, path: &str) -> Result<u64, Error> {
        self.store.head(&Path::from(path)).await.map(|meta| meta.size).map_err(classified)
    }

    /// Whether the storage answers: the folder is there, or the bucket, and may be listed.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Error> {
        if let Some(within) = self.local_path(NOTHING) {
            let folder = within.parent().unwrap_or(&within);
            return tokio::fs::metadata(folder).await.map(drop).map_err(Error::Folder);
        }
        self.store.list(Some(&Path::from(NOTHING))).try_next().await.map(drop).map_err(Error::Store)
    }

    /// Everything that is there.
    pub fn list(&self) -> BoxStream<'static, Result<StoredFile, Error>> {
        let entry = |meta: object_store::ObjectMeta| StoredFile {
            path: meta.location.to_string(),
            modified: meta.last_modified.timestamp_millis(),
        };
        self.store.list(None).map_ok(entry).map_err(Error::Store).boxed()
    }

    /// Where the file at `path` lies on this machine, if it does: for programs that can only read files.
    #[must_use]
    pub fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.folder.as_ref()?.path_to_filesystem(&Path::from(path)).ok()
    }

    /// Removes the file at `path`; one that is not there is no error.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn delete(&self, path: &str) -> Result<(), Error> {
        match self.store.delete(&Path::from(path)).await.map_err(classified) {
            Err(Error::NotFound(_)) => Ok(()),
            other => other,
        }
    }
}

fn classified(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { path, source } if !names_no_bucket(source.as_ref()) => Error::NotFound(path),
        other => Error::Store(other),
    }
}

/// S3 says 404 of a missing bucket too, which must not pass for a missing file.
fn names_no_bucket(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string().contains("NoSuchBucket")
}
