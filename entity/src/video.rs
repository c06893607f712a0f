//! Stored videos. A row is inserted in the transaction that completes its job; the file's path contains the epoch of the claim
//! that wrote it, so an outdated worker never overwrites it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{rfc3339, system_ms};
use crate::{JobId, UserId, VideoId};

/// A row of `videos`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "videos")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VideoId,
    /// The job that produced it.
    pub job_id: JobId,
    /// The owner.
    pub user_id: UserId,
    /// Path in the storage.
    pub path: String,
    /// Size in bytes.
    pub size: i64,
    /// MIME type detected from the first bytes: `video/mp4`, `video/webm` …
    pub content_type: String,
    /// SHA-256 of the content, in hexadecimal; also the `ETag`.
    pub sha256: String,
    /// Epoch ms.
    pub created_at: i64,
    /// Path of its poster in the storage, if it has one.
    pub poster_path: Option<String>,
    /// Displayed width in pixels.
    pub width: Option<i32>,
    /// Displayed height in pixels.
    pub height: Option<i32>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// When a processor inspected the file, epoch ms. If the inspection found nothing, only this is set.
    pub inspected_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Ends of the paths of a poster and of a spritesheet, which are otherwise the same.
const POSTER: &str = ".jpg";
const SPRITESHEET: &str = "-sheet.jpg";

impl Model {
    /// Paths in the storage of the video, its poster, and the spritesheet that it may have.
    #[must_use]
    pub fn paths(self) -> Vec<String> {
        let spritesheet = self.spritesheet_path();
        [Some(self.path), self.poster_path, spritesheet].into_iter().flatten().collect()
    }

    /// Path in the storage of its spritesheet, which is made when it is first asked for. `None` if the video has no poster:
    /// then there can be no spritesheet either.
    #[must_use]
    pub fn spritesheet_path(&self) -> Option<String> {
        Some(format!("{}{SPRITESHEET}", self.poster_path.as_deref()?.strip_suffix(POSTER)?))
    }
}

/// What the inspection of a video found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaInfo {
    /// Path of its poster in the storage.
    pub poster_path: Option<String>,
    /// Displayed width in pixels.
    pub width: Option<i32>,
    /// Displayed height in pixels.
    pub height: Option<i32>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
}

/// Records what an inspection found. Returns false if the video was inspected before, or is deleted.
pub(crate) async fn set_media_info<C: ConnectionTrait>(db: &C, id: VideoId, info: MediaInfo) -> Result<bool, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::PosterPath, Expr::value(info.poster_path))
        .col_expr(Column::Width, Expr::value(info.width))
        .col_expr(Column::Height, Expr::value(info.height))
        .col_expr(Column::DurationMs, Expr::value(info.duration_ms))
        .col_expr(Column::InspectedAt, Expr::value(system_ms()))
        .filter(Column::Id.eq(id))
        .filter(Column::InspectedAt.is_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Up to `limit` videos after `after` that were created before `before` (epoch ms) and are not inspected, oldest first.
pub async fn uninspected(
    db: &DatabaseConnection,
    after: Option<VideoId>,
    before: i64,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::InspectedAt.is_null()).filter(Column::CreatedAt.lt(before));
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.order_by_asc(Column::Id).limit(limit).all(db).await
}

/// The paths of the newest videos, at most `limit`.
pub async fn newest_paths(db: &DatabaseConnection, limit: u64) -> Result<Vec<String>, DbErr> {
    let newest = Entity::find().order_by_desc(Column::Id).limit(limit).all(db).await?;
    Ok(newest.into_iter().map(|video| video.path).collect())
}

/// The video with this id.
pub async fn by_id(db: &DatabaseConnection, id: VideoId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The paths of all videos, posters and spritesheets that own one of `paths`.
pub async fn recorded_paths(db: &DatabaseConnection, paths: &[String]) -> Result<Vec<String>, DbErr> {
    let any = || paths.iter().map(String::as_str);
    let posters = paths.iter().filter_map(|path| Some(format!("{}{POSTER}", path.strip_suffix(SPRITESHEET)?)));
    let of_posters = Column::PosterPath.is_in(any().map(ToOwned::to_owned).chain(posters));
    let query = Entity::find().filter(Column::Path.is_in(any()).or(of_posters));
    Ok(query.all(db).await?.into_iter().flat_map(Model::paths).collect())
}

/// The video with this id, if it belongs to `user`.
pub async fn of_user(db: &DatabaseConnection, id: VideoId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// A video as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Video)]
pub struct View {
    /// Id.
    pub id: VideoId,
    /// The job that produced it.
    pub job_id: JobId,
    /// Size in bytes.
    pub size: i64,
    /// MIME type.
    pub content_type: String,
    /// Displayed width in pixels; null if unknown.
    pub width: Option<i32>,
    /// Displayed height in pixels; null if unknown.
    pub height: Option<i32>,
    /// Duration in milliseconds; null if unknown.
    pub duration_ms: Option<i64>,
    /// Whether there is a poster.
    pub has_poster: bool,
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
            width: video.width,
            height: video.height,
            duration_ms: video.duration_ms,
            has_poster: video.poster_path.is_some(),
            created_at: rfc3339(video.created_at),
        }
    }
}
