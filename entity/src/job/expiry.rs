//! Jobs that are kept no longer.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::{Column, Entity};
use crate::{JobId, UserId};

/// Jobs that ended before `before` (epoch ms), at most `limit`, with their owners.
///
/// # Errors
/// The database did not answer.
pub async fn finished_before(db: &DatabaseConnection, before: i64, limit: u64) -> Result<Vec<(JobId, UserId)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::UserId)
        .filter(Column::FinishedAt.lt(before))
        .order_by_asc(Column::FinishedAt)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}
