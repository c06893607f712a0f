//! Deleting an account with everything that belongs to it.

use std::time::Duration;

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use tokio::time::sleep;

use crate::{JobId, UserId, charge, database, image, job, user, video};

/// What the caller must clean up after the rows of a deleted account.
#[derive(Clone, Debug)]
pub struct DeletedAccount {
    /// Jobs that had not finished.
    pub unfinished: Vec<JobId>,
    /// Paths of its videos and images in the storage.
    pub paths: Vec<String>,
}

/// Number of jobs that one transaction deletes.
const BATCH: u64 = 500;

/// Pause between two of them.
const BATCH_PAUSE: Duration = Duration::from_millis(20);

/// Deletes an account with everything that belongs to it; what its jobs may have cost stays on record. Returns `None` if there is no such account.
///
/// Jobs are deleted in batches, so that other writers do not wait for long. If it fails, call it again.
///
/// A worker that processes one of its jobs finds the row deleted, stops, and removes what it has stored.
pub async fn delete(db: &DatabaseConnection, user: UserId) -> Result<Option<DeletedAccount>, DbErr> {
    let (mut unfinished, mut paths) = (Vec::new(), Vec::new());
    while delete_jobs(db, user, &mut unfinished, &mut paths).await? {
        // Other writers of SQLite wait for the lock and ask for it again and again; this is their turn.
        sleep(BATCH_PAUSE).await;
    }
    let tx = database::begin(db).await?;
    let images = image::Entity::find().select_only().column(image::Column::Path);
    paths.extend(images.filter(image::Column::UserId.eq(user)).into_tuple::<String>().all(&tx).await?);
    // Jobs that were created since the last batch.
    user::lock(&tx, user).await?;
    job::Entity::find().filter(job::Column::UserId.eq(user)).lock_exclusive().all(&tx).await?;
    charge::keep(&tx, job::Column::UserId.eq(user)).await?;
    let deleted = user::Entity::delete_by_id(user).exec(&tx).await?;
    tx.commit().await?;
    Ok((deleted.rows_affected == 1).then_some(DeletedAccount { unfinished, paths }))
}

/// Deletes a batch of a user's jobs with their videos. Adds those that had not finished, and the paths of their files.
/// Returns whether there may be more.
async fn delete_jobs(
    db: &DatabaseConnection,
    user: UserId,
    unfinished: &mut Vec<JobId>,
    paths: &mut Vec<String>,
) -> Result<bool, DbErr> {
    let tx = database::begin(db).await?;
    let batch = job::Entity::find()
        .select_only()
        .columns([job::Column::Id, job::Column::Status])
        .filter(job::Column::UserId.eq(user))
        .limit(BATCH)
        .lock_exclusive()
        .into_tuple::<(JobId, job::Status)>()
        .all(&tx)
        .await?;
    let ids = || batch.iter().map(|(id, _)| *id);
    let videos = video::Entity::find().filter(video::Column::JobId.is_in(ids())).all(&tx).await?;
    charge::keep(&tx, job::Column::Id.is_in(ids())).await?;
    job::Entity::delete_many().filter(job::Column::Id.is_in(ids())).exec(&tx).await?;
    tx.commit().await?;
    unfinished.extend(batch.iter().filter(|(_, status)| !status.is_terminal()).map(|(id, _)| *id));
    paths.extend(videos.into_iter().flat_map(video::Model::paths));
    Ok(batch.len() as u64 == BATCH)
}
