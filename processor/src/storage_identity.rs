//! Makes sure that the storage is the one that holds this database's files, and gives a new storage its id.

use std::time::Duration;

use entity::{DatabaseConnection, DbErr, storage_id, video};
use storage::{Expected, Storage};
use tokio::time::sleep;

/// Pause between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Videos of which at least one must be in a storage without an id, if there are any.
const SAMPLE: u64 = 20;

/// Why the storage could not be identified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database returned an error.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The storage returned an error, or is another one.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Identifies the storage until it is known, and again whenever it is not the expected one.
pub(crate) async fn run(db: DatabaseConnection, storage: Storage) {
    loop {
        sleep(CHECK_INTERVAL).await;
        if storage.verify().await.is_err()
            && let Err(error) = identify(&db, &storage).await
        {
            tracing::debug!(%error, "the storage is not the expected one");
        }
    }
}

/// Expects the storage whose id is on record. If none is, records and writes one first, unless the storage lacks the videos
/// that the database names.
pub(crate) async fn identify(db: &DatabaseConnection, storage: &Storage) -> Result<(), Error> {
    let recorded = match storage_id::recorded(db).await? {
        Some(recorded) => recorded,
        None => storage_id::propose(db, storage.id().await?.unwrap_or_else(storage_id::generate)).await?,
    };
    let id = recorded.storage_id;
    if !recorded.written {
        match storage.id().await? {
            Some(found) if found == id => {}
            Some(_) => return Err(storage::Error::Wrong.into()),
            None => {
                require_videos(db, storage).await?;
                storage.write_id(id).await?;
                tracing::info!(storage.id = %id, "recorded the storage as that of this database");
            }
        }
        storage_id::confirm(db, id).await?;
    }
    storage.expect(Expected::Id(id));
    Ok(storage.verify().await?)
}

/// Records that the storage is this database's, whatever was recorded before. Returns its id.
pub(crate) async fn adopt(db: &DatabaseConnection, storage: &Storage) -> Result<String, Error> {
    let id = match storage.id().await {
        Ok(Some(id)) => id,
        Ok(None) | Err(storage::Error::InvalidId) => {
            let id = storage_id::generate();
            storage.write_id(id).await?;
            id
        }
        Err(error) => return Err(error.into()),
    };
    storage_id::replace(db, id).await?;
    Ok(id.to_string())
}

async fn require_videos(db: &DatabaseConnection, storage: &Storage) -> Result<(), Error> {
    let newest = video::newest_paths(db, SAMPLE).await?;
    for path in &newest {
        match storage.size(path).await {
            Ok(_) => return Ok(()),
            Err(storage::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if newest.is_empty() { Ok(()) } else { Err(storage::Error::Wrong.into()) }
}
