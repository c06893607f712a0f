//! Stored videos. The row names the file that won; its path holds the epoch of the job that wrote it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{rfc3339, system_ms};
use crate::{JobId, UserId, VideoId, database, job};

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

impl Model {
    /// Where the storage keeps what belongs to it.
    #[must_use]
    pub fn paths(self) -> Vec<String> {
        std::iter::once(self.path).chain(self.poster_path).collect()
    }
}

/// What a look inside a video has told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaInfo {
    /// Where the storage keeps its poster.
    pub poster_path: Option<String>,
    /// Pixels, as played.
    pub width: Option<i32>,
    /// Pixels, as played.
    pub height: Option<i32>,
    /// Of playing, milliseconds.
    pub duration_ms: Option<i64>,
}

/// Records what a look inside has told. `None`: somebody has looked already, or the video is gone. `Some`: its job as it
/// is now, which tells that there is a poster.
///
/// # Errors
/// The database did not do it; nothing has changed.
pub async fn record_inspection(
    db: &DatabaseConnection,
    id: VideoId,
    facts: MediaInfo,
) -> Result<Option<job::Model>, DbErr> {
    let Some(video) = by_id(db, id).await? else { return Ok(None) };
    let tx = database::begin(db).await?;
    let has_poster = facts.poster_path.is_some();
    // The job before its video, as those who delete both take them.
    let job =
        if has_poster { job::set_has_poster(&tx, video.job_id).await? } else { job::by_id(&tx, video.job_id).await? };
    let update = Entity::update_many()
        .col_expr(Column::PosterPath, Expr::value(facts.poster_path))
        .col_expr(Column::Width, Expr::value(facts.width))
        .col_expr(Column::Height, Expr::value(facts.height))
        .col_expr(Column::DurationMs, Expr::value(facts.duration_ms))
        .col_expr(Column::InspectedAt, Expr::value(system_ms()))
        .filter(Column::Id.eq(id))
        .filter(Column::InspectedAt.is_null());
    if update.exec(&tx).await?.rows_affected == 0 {
        tx.rollback().await?;
        return Ok(None);
    }
    tx.commit().await?;
    Ok(job)
}

/// Videos behind `after` that nobody has looked into, made before `before` (epoch ms), at most `limit`, oldest first.
///
/// # Errors
/// The database did not answer.
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

/// The video as it is.
///
/// # Errors
/// The database did not answer.
pub async fn by_id(db: &DatabaseConnection, id: VideoId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Places in the storage that are on record for videos and posters; at least those of `paths`.
///
/// # Errors
/// The database did not answer.
pub async fn recorded_paths(db: &DatabaseConnection, paths: &[String]) -> Result<Vec<String>, DbErr> {
    let any = || paths.iter().map(String::as_str);
    let query = Entity::find().filter(Column::Path.is_in(any()).or(Column::PosterPath.is_in(any())));
    Ok(query.all(db).await?.into_iter().flat_map(Model::paths).collect())
}

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
    /// Pixels, as played; null where nobody could look inside.
    pub width: Option<i32>,
    /// Pixels, as played; null where nobody could look inside.
    pub height: Option<i32>,
    /// Of playing, milliseconds; null where nobody could look inside.
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
