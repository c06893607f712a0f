//! Links that show one video to whoever has them, until they expire or are revoked.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::id::new_id;
use crate::{ShareId, VideoId, clock, job, video};

/// A row of `shares`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shares")]
pub struct Model {
    /// Key; part of the link's signed text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShareId,
    /// What it shows.
    pub video_id: VideoId,
    /// Epoch ms.
    pub created_at: i64,
    /// Epoch ms; part of the link's signed text.
    pub expires_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Opens a link that ends at `expires_at` (epoch ms). Its caller has seen to it that the video is the user's.
///
/// # Errors
/// The database did not do it.
pub async fn create(db: &DatabaseConnection, video_id: VideoId, expires_at: i64) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(new_id()),
        video_id: Set(video_id),
        created_at: Set(clock::system_ms()),
        expires_at: Set(expires_at),
    };
    row.insert(db).await
}

/// What a living link shows: the link, the video, and the job that made it. None when the owner's account is shut.
///
/// # Errors
/// The database did not answer.
pub async fn find_active(
    db: &DatabaseConnection,
    id: ShareId,
) -> Result<Option<(Model, video::Model, job::Model)>, DbErr> {
    let now = clock::now(db.get_database_backend());
    let Some(share) = Entity::find_by_id(id).filter(Expr::col(Column::ExpiresAt).gt(now)).one(db).await? else {
        return Ok(None);
    };
    let Some(video) = video::Entity::find_by_id(share.video_id).one(db).await? else { return Ok(None) };
    let open = crate::user::by_id(db, video.user_id).await?.is_some_and(|owner| owner.disabled_at.is_none());
    let job = job::by_id(db, video.job_id).await?.filter(|_| open);
    Ok(job.map(|job| (share, video, job)))
}

/// Ends all links to a video; answers how many there were.
///
/// # Errors
/// The database did not do it.
pub async fn revoke_all(db: &DatabaseConnection, video: VideoId) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::VideoId.eq(video)).exec(db).await?.rows_affected)
}
