//! Stores video and image files in a folder or an S3 bucket ([`StorageConfig`]).
//!
//! A file becomes visible only when it is complete. The path of a video ([`video_path`]) contains the epoch of the
//! claim that wrote it, so a worker that lost its job can never delete the new holder's file while cleaning up.
//!
//! A storage has an id ([`Storage::verify`]), so that files are neither written to nor missed in another one: an unmounted
//! folder looks like an empty storage.
//!
//! All operations return [`Error`] if the storage fails.

mod bucket;
mod client;
mod config;
mod identity;
mod writable;

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use config::BUCKET_PART;
pub use config::{Bucket, Credentials, StorageConfig};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use identity::Identity;
pub use identity::{Expected, ID_FILE};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;
use writable::{Source, Writability};

/// A storage error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file does not exist.
    #[error("no file at {0}")]
    NotFound(String),
    /// The storage failed: it is unreachable, the disk is full, a permission is missing …
    #[error("the storage failed: {0}")]
    Store(#[source] object_store::Error),
    /// The folder cannot be used.
    #[error("STORAGE_URL: the folder cannot be used: {0}")]
    Folder(#[source] std::io::Error),
    /// This is not the storage that holds the database's files.
    #[error(
        "STORAGE_URL does not lead to the storage of this database: the file `storage-id` is missing or differs; mount the \
         storage or correct STORAGE_URL, or run `processor adopt-storage` if the files were moved without that file"
    )]
    Wrong,
    /// The file with the id holds something else.
    #[error("STORAGE_URL: the file `storage-id` holds no id")]
    InvalidId,
    /// Writing failed.
    #[error("could not write to the storage: {0}")]
    Write(#[source] std::io::Error),
    /// The last write failed.
    #[error("the storage cannot be written to; the last write failed: {0}")]
    Unwritable(String),
}

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError<E> {
    /// The content stream failed.
    #[error("the content stream failed")]
    Source(E),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Properties of a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutResult {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// The content of a file, or a range of it.
pub struct Content {
    /// Size of the whole file in bytes.
    pub size: u64,
    /// Range that `bytes` covers.
    pub range: Range<u64>,
    /// Stream of the content.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

/// A file store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// The same store, if it is a folder.
    folder: Option<Arc<LocalFileSystem>>,
    /// Size in bytes of a write; also the size of the buffer.
    part: usize,
    identity: Arc<Identity>,
    writability: Arc<Writability>,
}

/// [`Storage::part`] of a folder.
const FOLDER_PART: usize = 1024 * 1024;

/// A path that never exists, used by [`Storage::ping`].
const NOTHING: &str = "nothing";

/// Returns the path of the video of `job`, as written by the claim with this `epoch`.
#[must_use]
pub fn video_path(job: impl Into<Uuid>, epoch: i64, extension: &str) -> String {
    format!("videos/{}/{epoch}.{extension}", job.into())
}

/// Returns the path of a reference image.
#[must_use]
pub fn image_path(image: impl Into<Uuid>, extension: &str) -> String {
    format!("images/{}.{extension}", image.into())
}

/// Returns the path of the poster of the video at `path`.
#[must_use]
pub fn poster_path(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    format!("{stem}.jpg")
}

/// An entry of [`Storage::list`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Path of the file.
    pub path: String,
    /// Time of the last write, in Unix milliseconds.
    pub modified: i64,
}

impl Storage {
    /// Opens the storage. Creates a missing folder; does not connect to a bucket.
    pub fn open(place: &StorageConfig) -> Result<Self, Error> {
        match place {
            StorageConfig::Folder(path) => Self::folder(path),
            StorageConfig::Bucket(bucket) => {
                let store = bucket::open(bucket).map_err(Error::Store)?;
                Ok(Self {
                    store,
                    folder: None,
                    part: BUCKET_PART,
                    identity: Arc::default(),
                    writability: Arc::default(),
                })
            }
        }
    }

    /// Opens the folder at `path`, and creates it if it is missing.
    pub fn folder(path: &FilePath) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(Error::Folder)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(Error::Store)?.with_automatic_cleanup(true);
        let store = Arc::new(store);
        Ok(Self {
            store: store.clone(),
            folder: Some(store),
            part: FOLDER_PART,
            identity: Arc::default(),
            writability: Arc::default(),
        })
    }

    /// Stores a stream under `path` without holding all of it in memory. On an error nothing is left at `path`.
    ///
    /// # Errors
    /// Also if this is not the expected storage, or no longer is when the file is complete.
    pub async fn put<E>(
        &self,
        path: &str,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<PutResult, PutError<E>> {
        self.verify().await?;
        let stored = self.write(path, content).await;
        match &stored {
            Ok(_) => self.writability.record(Source::Upload, Ok(())),
            Err(PutError::Storage(error)) => self.writability.record(Source::Upload, Err(error)),
            Err(PutError::Source(_)) => {}
        }
        let stored = stored?;
        if self.folder.is_some()
            && let Err(error) = self.verify().await
        {
            // What was written into another folder is of no use there.
            self.delete(path).await.ok();
            return Err(error.into());
        }
        Ok(stored)
    }

    async fn write<E>(
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

    /// Returns the file at `path`, or a range of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such file; another error if `range` begins after its end, which callers
    /// can check beforehand because they have the size on record, or if this is not the expected storage.
    pub async fn get(&self, path: &str, range: Option<Range<u64>>) -> Result<Content, Error> {
        match self.read(path, range).await {
            Err(error @ Error::NotFound(_)) => self.verify().await.and(Err(error)),
            read => read,
        }
    }

    async fn read(&self, path: &str, range: Option<Range<u64>>) -> Result<Content, Error> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let result = self.store.get_opts(&Path::from(path), options).await.map_err(classified)?;
        let (size, range) = (result.meta.size, result.range.clone());
        Ok(Content { size, range, bytes: result.into_stream().map_err(Error::Store).boxed() })
    }

    /// Returns the size in bytes of the file at `path` without reading it, or [`Error::NotFound`].
    pub async fn size(&self, path: &str) -> Result<u64, Error> {
        match self.store.head(&Path::from(path)).await.map(|meta| meta.size).map_err(classified) {
            Err(error @ Error::NotFound(_)) => self.verify().await.and(Err(error)),
            size => size,
        }
    }

    /// Checks that the folder exists, or that the bucket exists and may be listed, that it is the expected one, and that it can
    /// be written to.
    pub async fn ping(&self) -> Result<(), Error> {
        self.verify().await?;
        if let Some(within) = self.local_path(NOTHING) {
            let folder = within.parent().unwrap_or(&within);
            tokio::fs::metadata(folder).await.map_err(Error::Folder)?;
        } else {
            self.store.list(Some(&Path::from(NOTHING))).try_next().await.map_err(Error::Store)?;
        }
        // Last, because it would create a missing folder.
        self.check_writable().await
    }

    /// Lists all files.
    pub fn list(&self) -> BoxStream<'static, Result<StoredFile, Error>> {
        let entry = |meta: object_store::ObjectMeta| StoredFile {
            path: meta.location.to_string(),
            modified: meta.last_modified.timestamp_millis(),
        };
        self.store.list(None).map_ok(entry).map_err(Error::Store).boxed()
    }

    /// Returns the local path of the file at `path` if the storage is a folder, for programs that can only read files.
    #[must_use]
    pub fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.folder.as_ref()?.path_to_filesystem(&Path::from(path)).ok()
    }

    /// Deletes the file at `path`. Succeeds if it does not exist.
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

/// S3 responds 404 for a missing bucket too, which must not be mistaken for a missing file.
fn names_no_bucket(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string().contains("NoSuchBucket")
}
