//! Coming back from a backup: what a database holds before one is put in its place, and what must hold afterwards.
//!
//! A backup is older than the world. A job that it shows as unfinished may have been sent, paid for and finished since, so
//! nobody may go on with it: it has failed as `restored`, and its owner decides. A session that it shows may have been
//! ended since, so all have ended.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QuerySelect, Select};
use serde::Serialize;

use crate::{clock, database, job, schema, session, user, video, worker};

/// What is in a database, by the columns that every schema has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Accounts, open and disabled.
    pub accounts: i64,
    /// Jobs in any state.
    pub jobs: i64,
    /// Videos on record.
    pub videos: i64,
    /// Processors whose lease holds: they work with this database now.
    pub processors: i64,
}

/// Counts what a database holds; nothing when it has no schema.
///
/// # Errors
/// The database did not answer.
pub async fn contents(db: &DatabaseConnection) -> Result<Contents, DbErr> {
    if schema::version(db).await?.version == 0 {
        return Ok(Contents::default());
    }
    let alive = Expr::col(worker::Column::LeaseUntil).gte(clock::now(db.get_database_backend()));
    Ok(Contents {
        accounts: count(db, user::Entity::find(), user::Column::Id).await?,
        jobs: count(db, job::Entity::find(), job::Column::Id).await?,
        videos: count(db, video::Entity::find(), video::Column::Id).await?,
        processors: count(db, worker::Entity::find().filter(alive), worker::Column::Id).await?,
    })
}

async fn count<E: EntityTrait>(db: &DatabaseConnection, rows: Select<E>, key: E::Column) -> Result<i64, DbErr> {
    let count = rows.select_only().column_as(key.count(), "count").into_tuple().one(db).await?;
    Ok(count.unwrap_or_default())
}

/// What [`finalize`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finalized {
    /// Jobs that have failed as `restored`.
    pub failed: u64,
    /// Jobs that have ended as their owners wished.
    pub cancelled: u64,
    /// Sessions ended.
    pub sessions: u64,
}

/// Settles a database that has just come out of a backup, in one transaction. Works with every schema that a backup can
/// have, and does nothing when it is repeated.
///
/// # Errors
/// The database did not do it; nothing has changed.
pub async fn finalize(db: &DatabaseConnection) -> Result<Finalized, DbErr> {
    let tx = database::begin(db).await?;
    let (failed, cancelled) = job::fail_after_restore(&tx).await?;
    let sessions = session::revoke_everybodys(&tx).await?;
    worker::Entity::delete_many().exec(&tx).await?;
    tx.commit().await?;
    Ok(Finalized { failed, cancelled, sessions })
}
