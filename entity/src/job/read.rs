//! Queries that change nothing.

use std::cmp::Reverse;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect};

use super::{Column, Entity, Model, Status};
use crate::{JobId, UserId};

/// The job with this id.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: JobId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The job with this id, if it belongs to `user`.
pub async fn of_user(db: &DatabaseConnection, id: JobId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// The jobs with these ids, in any order.
pub async fn by_ids(db: &DatabaseConnection, mut ids: Vec<JobId>) -> Result<Vec<Model>, DbErr> {
    let Some(last) = ids.last().copied() else { return Ok(Vec::new()) };
    // A power of two: few different statements, so that each connection keeps them prepared.
    ids.resize(ids.len().next_power_of_two(), last);
    Entity::find().filter(Column::Id.is_in(ids)).all(db).await
}

/// The jobs of `user` among `ids`, in any order.
pub async fn by_ids_of_user(db: &DatabaseConnection, user: UserId, ids: &[JobId]) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find().filter(Column::UserId.eq(user)).filter(Column::Id.is_in(ids.iter().copied())).all(db).await
}

/// All unfinished jobs of a user and the latest `finished` of the others, newest first: what a page shows when it opens.
pub async fn snapshot(db: &DatabaseConnection, user: UserId, finished: u64) -> Result<Vec<Model>, DbErr> {
    let of_user = || Entity::find().filter(Column::UserId.eq(user));
    // Sorted below, not by the database, so that the index on the status serves the query.
    let mut jobs = of_user().filter(Column::Status.is_in(Status::UNFINISHED)).all(db).await?;
    let others = of_user().filter(Column::Status.is_not_in(Status::UNFINISHED)).order_by_desc(Column::Id);
    jobs.extend(others.limit(finished).all(db).await?);
    jobs.sort_by_key(|job| Reverse(job.id));
    Ok(jobs)
}

/// Up to `limit` jobs of a user that finished at `since` (epoch ms) or later, latest first.
pub async fn of_user_finished_since(
    db: &DatabaseConnection,
    user: UserId,
    since: i64,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::FinishedAt.gte(since))
        .order_by_desc(Column::FinishedAt)
        .limit(limit)
        .all(db)
        .await
}

/// Up to `limit` jobs that finished at `since` (epoch ms) or later, latest first.
pub async fn finished_since(db: &DatabaseConnection, since: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::FinishedAt.is_not_null().and(Column::FinishedAt.gte(since)))
        .order_by_desc(Column::FinishedAt)
        .limit(limit)
        .all(db)
        .await
}

/// Up to `limit` jobs that finished before `before` (epoch ms), oldest first, with their owners.
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
