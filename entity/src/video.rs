//! Stored videos. The row names the file that won; its path holds the epoch of the job that wrote it.

use sea_orm::entity::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::rfc3339;
use crate::{JobId, UserId, VideoId};

/// A row of `videos`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "videos")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VideoId,
    /// The job that made it.
    pub job_id: JobId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where the storage keeps it.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// As told by its first bytes: `video/mp4`, `video/webm` …
    pub content_type: String,
    /// Of the content, in hexadecimal; its `ETag`.
    pub sha256: String,
    /// Epoch ms.
    pub created_at: i64,
    /// Where the storage keeps its poster, if there is one.
    pub poster_path: Option<String>,
    /// Pixels, as played.
    pub width: Option<i32>,
    /// Pixels, as played.
    pub height: Option<i32>,
    /// Of playing, milliseconds.
    pub duration_ms: Option<i64>,
    /// When a processor looked inside, epoch ms; set with all else empty, there was nothing to be seen.
    pub inspected_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The video, if it belongs to `user`.
///
/// # Errors
/// The database did not answer.
pub async fn of_user(db: &DatabaseConnection, id: VideoId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// A video as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Video)]
pub struct View {
    /// Key.
    pub id: VideoId,
    /// The job that made it.
    pub job_id: JobId,
    /// Bytes.
    pub size: i64,
    /// MIME type.
    pub content_type: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl From<Model> for View {
    fn from(video: Model) -> Self {
        Self {
            id: video.id,
            job_id: video.job_id,
            size: video.size,
            content_type: video.content_type,
            created_at: rfc3339(video.created_at),
        }
    }
}
