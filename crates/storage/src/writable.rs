//! Whether the storage can be written to. A full disk, and a key that may only read, still answer reads.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use tokio::time::Instant;

use crate::{Error, PutError, Storage};

/// Path of the file that [`Storage::verify_writable`] writes and deletes. It is beside the videos, because a key or a disk may
/// cover only a part of the storage.
const CHECK_FILE: &str = "videos/check";

/// Size of that file: more than what a file system stores without a block of its own.
const CHECK_BYTES: usize = 4096;

/// How long a success counts in a folder, where a check costs little.
const FOLDER_VALIDITY: Duration = Duration::from_secs(5);

/// How long a success counts in a bucket, where requests are paid for, and versions may be kept.
const BUCKET_VALIDITY: Duration = Duration::from_mins(5);

/// How long a failed check counts.
const FAILURE_VALIDITY: Duration = Duration::from_secs(1);

/// How long a failed upload counts: longer than the pause before the next try, because a small file may still fit where no video
/// does.
const FAILED_UPLOAD_VALIDITY: Duration = Duration::from_mins(1);

/// What was written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A file for somebody.
    Upload,
    /// The small file.
    Check,
}

/// A write and how it ended.
#[derive(Debug)]
struct Write {
    at: Instant,
    source: Source,
    result: Result<(), String>,
}

/// What the last write showed.
#[derive(Debug, Default)]
pub(crate) struct Writability {
    last: Mutex<Option<Write>>,
    /// Held during a check: others wait for its result.
    checking: tokio::sync::Mutex<()>,
}

impl Writability {
    /// Records how a write ended.
    pub(crate) fn record(&self, source: Source, result: Result<(), &Error>) {
        let result = result.map_err(ToString::to_string);
        let write = Write { at: Instant::now(), source, result };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(write);
    }

    /// The last result, while it counts.
    fn known(&self, is_folder: bool) -> Option<Result<(), Error>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Write { at, source, result } = last.as_ref()?;
        let validity = match (result, source) {
            (Ok(()), _) if is_folder => FOLDER_VALIDITY,
            (Ok(()), _) => BUCKET_VALIDITY,
            (Err(_), Source::Upload) => FAILED_UPLOAD_VALIDITY,
            (Err(_), Source::Check) => FAILURE_VALIDITY,
        };
        (at.elapsed() < validity).then(|| result.clone().map_err(Error::Unwritable))
    }
}

impl Storage {
    /// Checks that this is the expected storage, as [`Storage::verify`] does, and that it can be written to.
    ///
    /// # Errors
    /// Also if the last write failed, until one succeeds.
    pub async fn verify_writable(&self) -> Result<(), Error> {
        self.verify().await?;
        self.check_writable().await
    }

    /// Writes a small file unless another write has shown lately whether that works.
    pub(crate) async fn check_writable(&self) -> Result<(), Error> {
        let _checking = self.writability.checking.lock().await;
        if let Some(known) = self.writability.known(self.folder.is_some()) {
            return known;
        }
        let content = Bytes::from_static(&[0; CHECK_BYTES]);
        let content = stream::iter([Ok::<_, std::convert::Infallible>(content)]);
        match self.write(CHECK_FILE, content).await {
            Ok(_) => {
                self.writability.record(Source::Check, Ok(()));
                self.delete(CHECK_FILE).await.ok();
                Ok(())
            }
            Err(PutError::Storage(error)) => {
                self.writability.record(Source::Check, Err(&error));
                Err(error)
            }
            Err(PutError::Source(never)) => match never {},
        }
    }
}
