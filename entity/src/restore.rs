//! Restoring a backup: what a database contains, and what must hold after one was restored.
//!
//! A backup shows the past. A job that is unfinished in it may have been sent, paid for and finished since, so nothing
//! continues it: it fails as `restored`, and its owner decides. A session in it may have been revoked since, so all sessions
//! are revoked. A webhook that is due in it may have been called since, so none is called unless its owner sends it again.

use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Select};
use serde::Serialize;

use crate::{database, job, recency, schema, session, user, video, webhook_delivery, worker};

/// The content of a database, read from columns that every schema version has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Accounts, including disabled ones.
    pub accounts: i64,
    /// Jobs in any state.
    pub jobs: i64,
    /// Videos.
    pub videos: i64,
    /// Processors that are using this database now: those whose lease has not expired.
    pub processors: i64,
}

/// Counts what a database contains; all zeros if it has no schema.
pub async fn contents(db: &DatabaseConnection) -> Result<Contents, DbErr> {
    if schema::version(db).await?.version == 0 {
        return Ok(Contents::default());
    }
    Ok(Contents {
        accounts: count(db, user::Entity::find(), user::Column::Id).await?,
        jobs: count(db, job::Entity::find(), job::Column::Id).await?,
        videos: count(db, video::Entity::find(), video::Column::Id).await?,
        processors: count(db, worker::Entity::find().filter(worker::has_lease(db)), worker::Column::Id).await?,
    })
}

async fn count<E: EntityTrait>(db: &DatabaseConnection, rows: Select<E>, key: E::Column) -> Result<i64, DbErr> {
    let count = rows.select_only().column_as(key.count(), "count").into_tuple().one(db).await?;
    Ok(count.unwrap_or_default())
}

/// What [`finalize`] changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finalized {
    /// Jobs that failed as `restored`.
    pub failed: u64,
    /// Jobs that finished as cancelled, because their owners had cancelled them.
    pub cancelled: u64,
    /// Revoked sessions.
    pub sessions: u64,
    /// Webhook deliveries that were pending and are given up.
    pub webhooks: u64,
}

/// Prepares a restored database for use, in one transaction. Works with every schema version that a backup can have, and
/// changes nothing when repeated.
pub async fn finalize(db: &DatabaseConnection) -> Result<Finalized, DbErr> {
    let tx = database::begin(db).await?;
    let (failed, cancelled) = job::fail_after_restore(&tx).await?;
    let sessions = session::revoke_all_users(&tx).await?;
    let webhooks = webhook_delivery::fail_after_restore(&tx).await?;
    worker::Entity::delete_many().exec(&tx).await?;
    recency::raise_after_restore(&tx).await?;
    tx.commit().await?;
    Ok(Finalized { failed, cancelled, sessions, webhooks })
}
