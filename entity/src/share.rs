//! Share links: each gives anyone access to one video until it expires or is revoked.

use sea_orm::ActiveValue::Set;
use sea_orm::PaginatorTrait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use crate::id::new_id;
use crate::{ShareId, VideoId, clock, database, job, user, video};

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

/// Creates a link to a user's video that expires at `expires_at` (epoch ms). Returns `None` if the user's videos have `max`
/// active links already.
pub async fn create(
    db: &DatabaseConnection,
    video: &video::Model,
    expires_at: i64,
    max: u64,
) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    user::lock(&tx, video.user_id).await?;
    let videos = Query::select()
        .column(video::Column::Id)
        .from(video::Entity)
        .and_where(Expr::col(video::Column::UserId).eq(video.user_id))
        .take();
    let active = Entity::find()
        .filter(Column::VideoId.in_subquery(videos))
        .filter(Expr::col(Column::ExpiresAt).gt(clock::now(db.get_database_backend())));
    if active.count(&tx).await? >= max {
        return Ok(None);
    }
    let row = ActiveModel {
        id: Set(new_id()),
        video_id: Set(video.id),
        created_at: Set(clock::system_ms()),
        expires_at: Set(expires_at),
    };
    let link = row.insert(&tx).await?;
    tx.commit().await?;
    Ok(Some(link))
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
