//! The storage's id: a small file that tells the right storage from another one, or from the empty folder below an unmounted
//! one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use uuid::Uuid;

use crate::{Error, PutError, Storage};

/// Path of the file that holds the id. It is part of every copy of the storage.
pub const ID_FILE: &str = "storage-id";

/// Maximum size of the file.
const MAX_ID_BYTES: u64 = 100;

/// Which storage is expected, and whether the last look found another one.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    expected: Mutex<Expected>,
    is_wrong: AtomicBool,
}

/// Which storage is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whichever there is.
    #[default]
    Any,
    /// None, until it is known which.
    None,
    /// The storage with this id.
    Id(Uuid),
}

impl Storage {
    /// Sets which storage is expected from now on, by all clones of this value.
    pub fn expect(&self, expected: Expected) {
        *self.identity.expected.lock().unwrap_or_else(PoisonError::into_inner) = expected;
    }

    /// Which storage is expected.
    #[must_use]
    pub fn expected(&self) -> Expected {
        *self.identity.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last look found another storage than the expected one, or none.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.identity.is_wrong.load(Ordering::Relaxed)
    }

    /// Reads the storage's id. Returns `None` if it has none: it is new, or it is not the storage but an empty folder where
    /// the storage should be mounted.
    pub async fn id(&self) -> Result<Option<Uuid>, Error> {
        let content = match self.read(ID_FILE, Some(0..MAX_ID_BYTES)).await {
            Ok(content) => content,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes: Vec<Bytes> = content.bytes.try_collect().await?;
        let text = String::from_utf8_lossy(&bytes.concat()).trim().parse();
        text.map(Some).map_err(|_| Error::InvalidId)
    }

    /// Writes the storage's id.
    pub async fn write_id(&self, id: Uuid) -> Result<(), Error> {
        let content = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(format!("{id}\n")))]);
        match self.write(ID_FILE, content).await {
            Ok(_) => Ok(()),
            Err(PutError::Storage(error)) => Err(error),
            Err(PutError::Source(never)) => match never {},
        }
    }

    /// Checks that this is the expected storage. A change is logged.
    ///
    /// # Errors
    /// [`Error::Wrong`] if it is another one or none, or the storage does not respond.
    pub async fn verify(&self) -> Result<(), Error> {
        let verified = match self.expected() {
            Expected::Any => Ok(()),
            Expected::None => Err(Error::Wrong),
            Expected::Id(expected) => match self.id().await {
                Ok(found) if found == Some(expected) => Ok(()),
                Ok(_) | Err(Error::InvalidId) => Err(Error::Wrong),
                Err(error) => Err(error),
            },
        };
        let is_wrong = matches!(verified, Err(Error::Wrong));
        if self.identity.is_wrong.swap(is_wrong, Ordering::Relaxed) != is_wrong {
            if is_wrong {
                tracing::error!("{}", Error::Wrong);
            } else if verified.is_ok() {
                tracing::info!("the storage at STORAGE_URL is the right one again");
            }
        }
        verified
    }
}
