//! Deleting an account with everything that belongs to it.

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use crate::{JobId, UserId, database, image, job, user, video};

/// What the caller must clean up after the rows of a deleted account.
#[derive(Clone, Debug)]
pub struct DeletedAccount {
    /// Jobs that had not finished.
    pub unfinished: Vec<JobId>,
    /// Paths of its videos and images in the storage.
    pub paths: Vec<String>,
}

/// Deletes an account with everything that belongs to it. Returns `None` if there is no such account.
///
/// A worker that processes one of its jobs finds the row deleted, stops, and removes what it has stored.
pub async fn delete(db: &DatabaseConnection, user: UserId) -> Result<Option<DeletedAccount>, DbErr> {
    let tx = database::begin(db).await?;
    let unfinished = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(job::Column::UserId.eq(user))
        .filter(job::Column::Status.is_in(job::Status::UNFINISHED))
        .into_tuple()
        .all(&tx)
        .await?;
    let videos = video::Entity::find().filter(video::Column::UserId.eq(user)).all(&tx).await?;
    let mut paths: Vec<String> = videos.into_iter().flat_map(video::Model::paths).collect();
    let images = image::Entity::find().select_only().column(image::Column::Path);
    paths.extend(images.filter(image::Column::UserId.eq(user)).into_tuple::<String>().all(&tx).await?);
    let deleted = user::Entity::delete_by_id(user).exec(&tx).await?;
    tx.commit().await?;
    Ok((deleted.rows_affected == 1).then_some(DeletedAccount { unfinished, paths }))
}
