//! Idempotency keys: a request that is repeated with the same key returns the same jobs and creates none.
//!
//! A key is claimed in the transaction of the request itself, so that of several requests with one key, at any gateways, one
//! takes effect. The row remains when its jobs are deleted.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::{JobId, UserId, clock};

/// A row of `idempotency_keys`. Keys are scoped by user and operation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The operation: `create`, or `retry` with the job's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the request body.
    pub fingerprint: String,
    /// The jobs that the request created or restarted, separated by commas.
    pub jobs: String,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How long a key is remembered.
pub const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// A client's key for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The operation.
    pub operation: String,
    /// The `Idempotency-Key` header.
    pub key: String,
    /// Hash of the request body.
    pub fingerprint: String,
}

/// The result of a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idempotent<T> {
    /// The request took effect now.
    Created(T),
    /// The key was used before with the same body, for these jobs.
    Replayed(Vec<JobId>),
    /// The key was used before with another body.
    Conflict,
}

impl<T> Idempotent<T> {
    /// The result, if the request took effect now.
    #[must_use]
    pub fn created(self) -> Option<T> {
        if let Self::Created(done) = self { Some(done) } else { None }
    }
}

/// Whether a key was used before and is still remembered.
pub async fn exists(db: &DatabaseConnection, user: UserId, key: &Key) -> Result<bool, DbErr> {
    let found = Entity::find_by_id((user, key.operation.clone(), key.key.clone())).one(db).await?;
    Ok(found.is_some_and(|found| found.created_at >= clock::system_ms() - clock::millis(RETENTION)))
}

/// Claims a key for `jobs`, after deleting the user's expired keys.
pub(crate) async fn claim<C: ConnectionTrait>(
    tx: &C,
    user: UserId,
    key: &Key,
    jobs: &[JobId],
) -> Result<Idempotent<()>, DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .filter(Column::CreatedAt.lt(clock::system_ms() - clock::millis(RETENTION)))
        .exec(tx)
        .await?;
    let row = ActiveModel {
        user_id: Set(user),
        operation: Set(key.operation.clone()),
        key: Set(key.key.clone()),
        fingerprint: Set(key.fingerprint.clone()),
        jobs: Set(jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        created_at: Set(clock::system_ms()),
    };
    let columns = [Column::UserId, Column::Operation, Column::Key];
    let claimed = Entity::insert(row)
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if claimed == 1 {
        return Ok(Idempotent::Created(()));
    }
    let found = Entity::find_by_id((user, key.operation.clone(), key.key.clone())).one(tx).await?;
    let same = found.filter(|found| found.fingerprint == key.fingerprint);
    Ok(same.map_or(Idempotent::Conflict, |found| {
        Idempotent::Replayed(found.jobs.split(',').filter_map(|id| id.parse().ok()).collect())
    }))
}
