//! Accounts across tables: roles, disabling, passwords with their sessions, export, deletion.
//!
//! At least one administrator with an enabled account remains, once there is one.

mod delete;
mod export;

use sea_orm::PaginatorTrait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use crate::user::{Column, Entity, Model, Role, update};
use crate::{SessionId, UserId, clock, database, session, setup};

pub use delete::{DeletedAccount, delete};
pub use export::{JobRecord, job_records};

/// The result of a change that may remove an administrator.
#[derive(Clone, Debug)]
pub enum AdminChange<T> {
    /// The change was made.
    Done(T),
    /// There is no such account.
    NotFound,
    /// No administrator would remain; nothing has changed.
    LastAdmin,
}

impl<T> AdminChange<T> {
    /// The result of the change, if it was made.
    #[must_use]
    pub fn done(self) -> Option<T> {
        if let Self::Done(done) = self { Some(done) } else { None }
    }
}

/// Changes the role of an account.
pub async fn set_role(db: &DatabaseConnection, id: UserId, role: Role) -> Result<AdminChange<Model>, DbErr> {
    let tx = database::begin(db).await?;
    setup::lock(&tx).await?;
    let Some(before) = Entity::find_by_id(id).one(&tx).await? else { return Ok(AdminChange::NotFound) };
    let Some(user) = update(&tx, id, Column::Role, Expr::value(role)).await? else { return Ok(AdminChange::NotFound) };
    if lost_last_admin(&tx, &before).await? {
        return Ok(AdminChange::LastAdmin);
    }
    tx.commit().await?;
    Ok(AdminChange::Done(user))
}

/// Disables an account and revokes its sessions. Returns the account and these sessions.
pub async fn disable(db: &DatabaseConnection, id: UserId) -> Result<AdminChange<(Model, Vec<SessionId>)>, DbErr> {
    let tx = database::begin(db).await?;
    setup::lock(&tx).await?;
    let Some(before) = Entity::find_by_id(id).one(&tx).await? else { return Ok(AdminChange::NotFound) };
    let disabled = update(&tx, id, Column::DisabledAt, Expr::value(clock::system_ms())).await?;
    let Some(user) = disabled else { return Ok(AdminChange::NotFound) };
    if lost_last_admin(&tx, &before).await? {
        return Ok(AdminChange::LastAdmin);
    }
    let revoked = session::revoke_all(&tx, id, None).await?;
    tx.commit().await?;
    Ok(AdminChange::Done((user, revoked)))
}

/// Enables a disabled account. Returns `None` if there is no such account.
pub async fn enable(db: &DatabaseConnection, id: UserId) -> Result<Option<Model>, DbErr> {
    update(db, id, Column::DisabledAt, Expr::value(None::<i64>)).await
}

/// Changes the password of an account and revokes its sessions except `keep`. Returns these.
pub async fn set_password(
    db: &DatabaseConnection,
    id: UserId,
    password_hash: String,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, DbErr> {
    let tx = database::begin(db).await?;
    update(&tx, id, Column::PasswordHash, Expr::value(password_hash)).await?;
    let revoked = session::revoke_all(&tx, id, keep).await?;
    tx.commit().await?;
    Ok(revoked)
}

/// Whether the account was an administrator `before` its change and no administrator is left.
async fn lost_last_admin<C: ConnectionTrait>(tx: &C, before: &Model) -> Result<bool, DbErr> {
    let was_admin = before.role == Role::Admin && before.disabled_at.is_none();
    let admins = Entity::find().filter(Column::Role.eq(Role::Admin)).filter(Column::DisabledAt.is_null());
    Ok(was_admin && admins.count(tx).await? == 0)
}
