//! Keys under which a client asked for something once, so that asking again gives the same and nothing new.
//!
//! A key is claimed in the transaction that does what was asked, so that of several requests with one key, through
//! whichever gateways, one does it. The row outlives the jobs that it names.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::{JobId, UserId, clock};

/// A row of `idempotency_keys`; the key is scoped by user and operation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// For what: `create`, `retry` with the job's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the request's body.
    pub fingerprint: String,
    /// The jobs that it made or reopened, separated by commas.
    pub jobs: String,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How long a key is kept.
pub const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// What a client sent to be recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it asks for.
    pub operation: String,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Hash of the request's body.
    pub fingerprint: String,
}

/// What a key turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idempotent<T> {
    /// New: this was done now.
    Created(T),
    /// Used before with the same body: these jobs came of it.
    Replayed(Vec<JobId>),
    /// Used before with another body.
    Conflict,
}

impl<T> Idempotent<T> {
    /// What was done now, if it was.
    #[must_use]
    pub fn created(self) -> Option<T> {
        if let Self::Created(done) = self { Some(done) } else { None }
    }
}

/// Whether a key was used before.
///
/// # Errors
/// The database did not answer.
pub async fn exists(db: &DatabaseConnection, user: UserId, key: &Key) -> Result<bool, DbErr> {
    let found = Entity::find_by_id((user, key.operation.clone(), key.key.clone())).one(db).await?;
    Ok(found.is_some_and(|found| found.created_at >= clock::system_ms() - clock::millis(RETENTION)))
}

/// Claims a key for `jobs`. Keys of the same user that are over their time are forgotten first.
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
