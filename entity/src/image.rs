//! Reference images, which videos start from. An image is kept while a job refers to it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, FromQueryResult, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{rfc3339, system_ms};
use crate::{ImageId, UserId, database, job, video};

/// A row of `images`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "images")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImageId,
    /// The owner.
    pub user_id: UserId,
    /// Path in the storage.
    pub path: String,
    /// Size in bytes.
    pub size: i64,
    /// MIME type: `image/png`, `image/jpeg` or `image/webp`.
    pub content_type: String,
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// SHA-256 of the content, in hexadecimal; also the `ETag`.
    pub sha256: String,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An image whose file is already stored.
#[derive(Clone, Debug)]
pub struct New {
    /// Primary key.
    pub id: ImageId,
    /// The owner.
    pub user_id: UserId,
    /// Path in the storage.
    pub path: String,
    /// Size in bytes.
    pub size: i64,
    /// MIME type.
    pub content_type: &'static str,
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// Inserts an image.
pub async fn create(db: &DatabaseConnection, new: New) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        path: Set(new.path),
        size: Set(new.size),
        content_type: Set(new.content_type.into()),
        width: Set(new.width),
        height: Set(new.height),
        sha256: Set(new.sha256),
        created_at: Set(system_ms()),
    };
    row.insert(db).await
}

/// The image with this id.
pub async fn by_id(db: &DatabaseConnection, id: ImageId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The image with this id, if it belongs to `user`.
pub async fn of_user(db: &DatabaseConnection, id: ImageId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// Up to `limit` images of a user, newest first; only those older than `before`, if given.
pub async fn page(
    db: &DatabaseConnection,
    user: UserId,
    before: Option<ImageId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::UserId.eq(user));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// The result of deleting an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteResult {
    /// The row is deleted; the caller must delete the file.
    Deleted(Model),
    /// A job refers to the image, and could be restarted.
    InUse,
    /// The user has no such image.
    NotFound,
}

/// Deletes a user's image, unless a job refers to it.
pub async fn delete(db: &DatabaseConnection, id: ImageId, user: UserId) -> Result<DeleteResult, DbErr> {
    let Some(row) = of_user(db, id, user).await? else { return Ok(DeleteResult::NotFound) };
    let deleted = delete_unused(db, id).await?;
    Ok(if deleted { DeleteResult::Deleted(row) } else { DeleteResult::InUse })
}

/// Up to `limit` images created before `before` (epoch ms) that no job refers to, oldest first.
pub async fn unused(db: &DatabaseConnection, before: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    let old = Entity::find().filter(Column::CreatedAt.lt(before));
    old.filter(Expr::exists(referring_job()).not()).order_by_asc(Column::CreatedAt).limit(limit).all(db).await
}

/// Deletes an image, unless a job refers to it. Returns whether the row was deleted; then the caller must delete the file.
pub async fn delete_unused(db: &DatabaseConnection, id: ImageId) -> Result<bool, DbErr> {
    let delete = Entity::delete_many().filter(Column::Id.eq(id)).filter(Expr::exists(referring_job()).not());
    match delete.exec(db).await {
        Ok(deleted) => Ok(deleted.rows_affected == 1),
        // A job that refers to the image was created meanwhile.
        Err(error) if database::is_foreign_key_violation(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn referring_job() -> SelectStatement {
    let mut jobs = Query::select();
    jobs.expr(Expr::value(1))
        .from(job::Entity)
        .and_where(Expr::col((job::Entity, job::Column::ReferenceImageId)).equals((Entity, Column::Id)));
    jobs
}

/// The paths among `paths` that belong to an image.
pub async fn recorded_paths(db: &DatabaseConnection, paths: &[String]) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Path)
        .filter(Column::Path.is_in(paths.iter().map(String::as_str)))
        .into_tuple()
        .all(db)
        .await
}

/// The size in bytes of all videos and images of a user.
pub async fn stored_bytes(db: &DatabaseConnection, user: UserId) -> Result<u64, DbErr> {
    #[derive(FromQueryResult)]
    struct Sum {
        bytes: Option<i64>,
    }
    let bigint = |column: Expr| column.sum().cast_as(Alias::new("BIGINT"));
    let images = Entity::find().select_only().filter(Column::UserId.eq(user));
    let images = images.column_as(bigint(Expr::col(Column::Size)), "bytes").into_model::<Sum>().one(db).await?;
    let videos = video::Entity::find().select_only().filter(video::Column::UserId.eq(user));
    let videos = videos.column_as(bigint(Expr::col(video::Column::Size)), "bytes").into_model::<Sum>().one(db).await?;
    let bytes = |sum: Option<Sum>| sum.and_then(|sum| u64::try_from(sum.bytes?).ok()).unwrap_or(0);
    Ok(bytes(images) + bytes(videos))
}

/// An image as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Image)]
pub struct View {
    /// Id; the `referenceImageId` of a new job.
    pub id: ImageId,
    /// MIME type.
    pub content_type: String,
    /// Size in bytes.
    pub size: i64,
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl From<Model> for View {
    fn from(image: Model) -> Self {
        Self {
            id: image.id,
            content_type: image.content_type,
            size: image.size,
            width: image.width,
            height: image.height,
            created_at: rfc3339(image.created_at),
        }
    }
}
