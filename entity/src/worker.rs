//! Processors that are alive, by the database's clock, and the burial of those that are not.
//!
//! One row per process however many jobs it holds. Burial deletes the row in the transaction that turns its jobs back,
//! and the foreign key from `jobs` then refuses any claim that the buried one makes too late.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{QueryOrder, QuerySelect};

use crate::{WorkerId, clock, database, job};

/// A row of `workers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workers")]
pub struct Model {
    /// Key, and the name of its consumer in Redis.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkerId,
    /// The machine it runs on.
    pub host: String,
    /// Epoch ms.
    pub started_at: i64,
    /// Epoch ms; past it, others may bury the worker.
    pub lease_until: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Makes a worker known with a lease of `ttl` from now.
///
/// # Errors
/// The database did not do it.
pub async fn register(db: &DatabaseConnection, id: WorkerId, host: &str, ttl: Duration) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let insert = Query::insert()
        .into_table(Entity)
        .columns([Column::Id, Column::Host, Column::StartedAt, Column::LeaseUntil])
        .values_panic([id.into(), host.into(), clock::now(backend), clock::after(backend, ttl)])
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .to_owned();
    db.execute(&insert).await.map(drop)
}

/// Moves the end of the lease to `ttl` from now. False: the worker was buried and must drop everything.
///
/// # Errors
/// The database did not answer; the lease may or may not have been renewed.
pub async fn renew_lease(db: &DatabaseConnection, id: WorkerId, ttl: Duration) -> Result<bool, DbErr> {
    let renewed = Entity::update_many()
        .col_expr(Column::LeaseUntil, clock::after(db.get_database_backend(), ttl))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Which of these workers exist.
///
/// # Errors
/// The database did not answer.
pub async fn existing(db: &DatabaseConnection, ids: Vec<WorkerId>) -> Result<Vec<WorkerId>, DbErr> {
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Whether a worker's lease holds.
///
/// # Errors
/// The database did not answer.
pub async fn is_leased(db: &DatabaseConnection, id: WorkerId) -> Result<bool, DbErr> {
    let leased = Expr::col(Column::LeaseUntil).gte(clock::now(db.get_database_backend()));
    Ok(Entity::find_by_id(id).filter(leased).one(db).await?.is_some())
}

/// Takes a worker off the list when it leaves by itself and holds no job any more.
///
/// # Errors
/// The database did not do it, or a job still names the worker.
pub async fn deregister(db: &DatabaseConnection, id: WorkerId) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(db).await.map(drop)
}

/// A dead worker and what became of its jobs.
#[derive(Clone, Debug)]
pub struct Reaped {
    /// The worker that is gone.
    pub worker: WorkerId,
    /// When its lease ran out, epoch ms by the database's clock.
    pub lease_until: i64,
    /// Its jobs as committed: `pending` again, or `failed` as poison.
    pub jobs: Vec<job::Model>,
}

/// Buries one worker whose lease has expired; `None` when there is none.
///
/// One transaction locks the worker's row, gives its jobs back with a new epoch (so that whatever the dead one still
/// writes is refused) and deletes the row. Jobs that have outlived more than [`job::MAX_CRASHES`] workers are poison.
///
/// # Errors
/// The database did not do it; nothing has changed.
pub async fn reap_one(db: &DatabaseConnection) -> Result<Option<Reaped>, DbErr> {
    let tx = database::begin(db).await?;
    let dead = Entity::find()
        .filter(Expr::col(Column::LeaseUntil).lt(clock::now(db.get_database_backend())))
        .order_by_asc(Column::LeaseUntil)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&tx)
        .await?;
    let Some(dead) = dead else { return Ok(None) };
    let jobs = job::requeue(&tx, &job::Column::WorkerId.eq(dead.id)).await?;
    Entity::delete_by_id(dead.id).exec(&tx).await?;
    tx.commit().await?;
    Ok(Some(Reaped { worker: dead.id, lease_until: dead.lease_until, jobs }))
}
