//! What an inspection of a job's video found, its poster above all.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use super::update::{committed, next_seq};
use super::{Column, Model, Status, by_id};
use crate::video::{self, MediaInfo};
use crate::{JobId, VideoId, database};

/// Records the inspection of a video. Returns its job as committed, or `None` if the video was inspected before or is
/// deleted.
pub async fn record_inspection(db: &DatabaseConnection, id: VideoId, info: MediaInfo) -> Result<Option<Model>, DbErr> {
    let Some(video) = video::by_id(db, id).await? else { return Ok(None) };
    let tx = database::begin(db).await?;
    // Locks the job before its video, in the same order as deleting does.
    let job = match &info.poster_path {
        Some(_) => set_has_poster(&tx, video.job_id).await?,
        None => by_id(&tx, video.job_id).await?,
    };
    if !video::set_media_info(&tx, id, info).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    tx.commit().await?;
    Ok(job)
}

async fn set_has_poster<C: ConnectionTrait>(db: &C, id: JobId) -> Result<Option<Model>, DbErr> {
    let update = next_seq()
        .col_expr(Column::HasPoster, Expr::value(true))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Completed));
    committed(db, update).await
}
