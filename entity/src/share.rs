//! Share links: each gives anyone access to one video until it expires or is revoked.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::id::new_id;
use crate::{ShareId, VideoId, clock, job, video};

/// A row of `shares`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shares")]
pub struct Model {
    /// Primary key; part of the link's signed text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShareId,
    /// The video.
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

/// Creates a link that expires at `expires_at` (epoch ms). The caller has checked that the video belongs to the user.
pub async fn create(db: &DatabaseConnection, video_id: VideoId, expires_at: i64) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(new_id()),
        video_id: Set(video_id),
        created_at: Set(clock::system_ms()),
        expires_at: Set(expires_at),
    };
    row.insert(db).await
}

/// An active link with its video and the job of this; `None` if the owner's account is disabled.
pub async fn find_active(
    db: &DatabaseConnection,
    id: ShareId,
) -> Result<Option<(Model, video::Model, job::Model)>, DbErr> {
    let now = clock::now(db.get_database_backend());
    let Some(share) = Entity::find_by_id(id).filter(Expr::col(Column::ExpiresAt).gt(now)).one(db).await? else {
        return Ok(None);
    };
    let Some(video) = video::Entity::find_by_id(share.video_id).one(db).await? else { return Ok(None) };
    let enabled = crate::user::by_id(db, video.user_id).await?.is_some_and(|owner| owner.disabled_at.is_none());
    let job = job::by_id(db, video.job_id).await?.filter(|_| enabled);
    Ok(job.map(|job| (share, video, job)))
}

/// Revokes all links to a video. Returns how many.
pub async fn revoke_all(db: &DatabaseConnection, video: VideoId) -> Result<u64, DbErr> {
    Ok(Entity::delete_many().filter(Column::VideoId.eq(video)).exec(db).await?.rows_affected)
}
