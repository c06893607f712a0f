//! Workers: the registered processors, their leases, and the reaping of those that no longer renew them.
//!
//! There is one row per process, however many jobs it processes. No clock decides whether a worker is dead: others watch
//! `renewals` change, each by its own monotonic clock, and reap a worker whose row has not changed for its `lease_ttl`. A
//! step of the database's clock expires nobody and keeps nobody alive; `lease_until` is for display and for earlier releases.
//!
//! Reaping deletes the row in the transaction that requeues the worker's jobs. After that, the foreign key from `jobs`
//! rejects any late claim of the reaped worker.

use std::time::Duration;

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};

use crate::{WorkerId, clock, database, job};

/// A row of `workers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workers")]
pub struct Model {
    /// Primary key, and the name of the worker's consumer in Redis.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkerId,
    /// The host it runs on.
    pub host: String,
    /// Epoch ms.
    pub started_at: i64,
    /// When its lease would end by the database's clock, epoch ms. Decides nothing.
    pub lease_until: i64,
    /// Number of renewals so far.
    pub renewals: i64,
    /// How long after a renewal it counts as alive, in milliseconds; 0 if an earlier release registered it.
    pub lease_ttl: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Registers a worker with a lease of `ttl` from now.
pub async fn register(db: &DatabaseConnection, id: WorkerId, host: &str, ttl: Duration) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let insert = Query::insert()
        .into_table(Entity)
        .columns([Column::Id, Column::Host, Column::StartedAt, Column::LeaseUntil, Column::LeaseTtl])
        .values_panic([
            id.into(),
            host.into(),
            clock::now(backend),
            clock::after(backend, ttl),
            clock::millis(ttl).into(),
        ])
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .to_owned();
    db.execute(&insert).await.map(drop)
}

/// Renews a lease to `ttl` from now. Returns false if the worker was reaped; then it must abandon all its jobs.
pub async fn renew_lease(db: &DatabaseConnection, id: WorkerId, ttl: Duration) -> Result<bool, DbErr> {
    let renewed = Entity::update_many()
        .col_expr(Column::LeaseUntil, clock::after(db.get_database_backend(), ttl))
        .col_expr(Column::Renewals, Expr::col(Column::Renewals).add(1))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// The workers among `ids` that are registered.
pub async fn existing(db: &DatabaseConnection, ids: Vec<WorkerId>) -> Result<Vec<WorkerId>, DbErr> {
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// All registered workers.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<Model>, DbErr> {
    Entity::find().all(db).await
}

/// Deletes the row of a worker that shuts down. Fails if a job still names the worker.
pub async fn deregister(db: &DatabaseConnection, id: WorkerId) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(db).await.map(drop)
}

/// A reaped worker and its jobs.
#[derive(Clone, Debug)]
pub struct Reaped {
    /// The worker.
    pub worker: WorkerId,
    /// When its lease would have ended, epoch ms by the database's clock.
    pub lease_until: i64,
    /// Its jobs as committed: pending again, cancelled, or failed as poison.
    pub jobs: Vec<job::Model>,
}

/// Reaps a worker that has not renewed its lease since `seen` was read. Returns `None` if it has, or if it is gone.
/// Also returns `None` while a claim or another reaper locks the worker's row: the caller tries again on its next pass.
///
/// One transaction locks the worker's row, requeues its jobs under new epochs (so that late writes of the worker are
/// rejected) and deletes the row. A job that has crashed more than [`job::MAX_CRASHES`] workers fails as poison.
pub async fn reap(db: &DatabaseConnection, seen: &Model) -> Result<Option<Reaped>, DbErr> {
    let tx = database::begin(db).await?;
    let unchanged = Entity::find_by_id(seen.id)
        .filter(Column::Renewals.eq(seen.renewals))
        .filter(Column::LeaseUntil.eq(seen.lease_until))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&tx)
        .await?;
    let Some(expired) = unchanged else { return Ok(None) };
    let jobs = job::requeue(&tx, &job::Column::WorkerId.eq(expired.id)).await?;
    Entity::delete_by_id(expired.id).exec(&tx).await?;
    tx.commit().await?;
    Ok(Some(Reaped { worker: expired.id, lease_until: expired.lease_until, jobs }))
}

/// SQL: the worker's lease has not run out by the database's clock. For display: it decides nothing about jobs.
pub(crate) fn has_lease(db: &DatabaseConnection) -> Expr {
    Expr::col(Column::LeaseUntil).gte(clock::now(db.get_database_backend()))
}
