//! Accounts.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, QuerySelect, SqlErr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::rfc3339;
use crate::id::{SessionId, UserId, new_id};
use crate::job::contains;
use crate::{clock, database, session, setup};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Works with what is its own.
    #[sea_orm(string_value = "user")]
    User,
    /// Sees and steers everything.
    #[sea_orm(string_value = "admin")]
    Admin,
}

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Address in lower case; unique.
    pub email: String,
    /// What the person wants to be called.
    pub name: Option<String>,
    /// Argon2id, in PHC string form.
    pub password_hash: String,
    /// Rights.
    pub role: Role,
    /// When an administrator shut the account, epoch ms.
    pub disabled_at: Option<i64>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A new account's content.
#[derive(Clone, Debug)]
pub struct New {
    /// Address, already in lower case.
    pub email: String,
    /// Name, if given.
    pub name: Option<String>,
    /// Argon2id in PHC string form.
    pub password_hash: String,
}

/// What a new account is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialRole {
    /// One like any other.
    User,
    /// Administrator if it is the very first, else one like any other.
    AdminIfFirst,
    /// Administrator by the one-time token, which is good for the very first account only.
    FirstAdmin,
    /// Administrator by order of whoever runs the system.
    Admin,
}

/// What came of opening an account.
#[derive(Clone, Debug)]
pub enum Registered {
    /// It is there.
    Created(Model),
    /// The address belongs to another account.
    EmailTaken,
    /// The system had its first account before.
    SetupClosed,
}

/// Opens an account. One row in `setup` is claimed in the same transaction, so that of any number of first accounts
/// exactly one is administrator.
///
/// # Errors
/// The database did not do it.
pub async fn register(db: &DatabaseConnection, new: New, role: InitialRole) -> Result<Registered, DbErr> {
    let id = new_id();
    let tx = database::begin(db).await?;
    let first = role != InitialRole::User && setup::claim(&tx, id).await?;
    if role == InitialRole::FirstAdmin && !first {
        return Ok(Registered::SetupClosed);
    }
    let row = ActiveModel {
        id: Set(id),
        email: Set(new.email),
        name: Set(new.name),
        password_hash: Set(new.password_hash),
        role: Set(if first || role == InitialRole::Admin { Role::Admin } else { Role::User }),
        disabled_at: Set(None),
        created_at: Set(clock::system_ms()),
    };
    match row.insert(&tx).await {
        Ok(user) => tx.commit().await.map(|()| Registered::Created(user)),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Ok(Registered::EmailTaken)
        }
        Err(error) => Err(error),
    }
}

/// The account with this address (in lower case).
///
/// # Errors
/// The database did not answer.
pub async fn by_email(db: &DatabaseConnection, email: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Email.eq(email)).one(db).await
}

/// The account with this id.
///
/// # Errors
/// The database did not answer.
pub async fn by_id(db: &DatabaseConnection, id: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The newest `limit` accounts older than `before`, with `text` in address or name, newest first.
///
/// # Errors
/// The database did not answer.
pub async fn page(
    db: &DatabaseConnection,
    text: Option<&str>,
    before: Option<UserId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if let Some(text) = text {
        let holds = |column| contains(db.get_database_backend(), column, text);
        query = query.filter(holds(Column::Email).or(holds(Column::Name)));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// Those of `ids` that exist, in no order.
///
/// # Errors
/// The database did not answer.
pub async fn by_ids(db: &DatabaseConnection, ids: Vec<UserId>) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Id.is_in(ids)).all(db).await
}

/// Gives an account another name. `None`: there is no such account.
///
/// # Errors
/// The database did not do it.
pub async fn rename(db: &DatabaseConnection, id: UserId, name: Option<String>) -> Result<Option<Model>, DbErr> {
    updated(db, id, Column::Name, Expr::value(name)).await
}

/// What came of a change that may take an administrator away.
#[derive(Clone, Debug)]
pub enum AdminChange<T> {
    /// It is done.
    Done(T),
    /// There is no such account.
    NotFound,
    /// Nobody would be left to administrate: nothing has changed.
    LastAdmin,
}

impl<T> AdminChange<T> {
    /// What was done, if it was.
    #[must_use]
    pub fn done(self) -> Option<T> {
        if let Self::Done(done) = self { Some(done) } else { None }
    }
}

/// Gives an account another role.
///
/// # Errors
/// The database did not do it.
pub async fn set_role(db: &DatabaseConnection, id: UserId, role: Role) -> Result<AdminChange<Model>, DbErr> {
    let tx = database::begin(db).await?;
    setup::lock(&tx).await?;
    let Some(before) = Entity::find_by_id(id).one(&tx).await? else { return Ok(AdminChange::NotFound) };
    let Some(user) = updated(&tx, id, Column::Role, Expr::value(role)).await? else { return Ok(AdminChange::NotFound) };
    if !is_administrated(&tx, &before).await? {
        return Ok(AdminChange::LastAdmin);
    }
    tx.commit().await?;
    Ok(AdminChange::Done(user))
}

/// Whether there still is an administrator after `changed`, an account as it was before, has been changed. Where there was
/// none, that is nobody's fault.
async fn is_administrated<C: ConnectionTrait>(tx: &C, changed: &Model) -> Result<bool, DbErr> {
    let was_one = changed.role == Role::Admin && changed.disabled_at.is_none();
    let admins = Entity::find().filter(Column::Role.eq(Role::Admin)).filter(Column::DisabledAt.is_null());
    Ok(!was_one || admins.count(tx).await? > 0)
}

/// Opens an account that was shut. `None`: there is no such account.
///
/// # Errors
/// The database did not do it.
pub async fn enable(db: &DatabaseConnection, id: UserId) -> Result<Option<Model>, DbErr> {
    updated(db, id, Column::DisabledAt, Expr::value(None::<i64>)).await
}

/// Shuts an account and ends its sessions; answers with these.
///
/// # Errors
/// The database did not do it.
pub async fn disable(db: &DatabaseConnection, id: UserId) -> Result<AdminChange<(Model, Vec<SessionId>)>, DbErr> {
    let tx = database::begin(db).await?;
    setup::lock(&tx).await?;
    let Some(before) = Entity::find_by_id(id).one(&tx).await? else { return Ok(AdminChange::NotFound) };
    let shut = updated(&tx, id, Column::DisabledAt, Expr::value(clock::system_ms())).await?;
    let Some(user) = shut else { return Ok(AdminChange::NotFound) };
    if !is_administrated(&tx, &before).await? {
        return Ok(AdminChange::LastAdmin);
    }
    let ended = session::revoke_all(&tx, id, None).await?;
    tx.commit().await?;
    Ok(AdminChange::Done((user, ended)))
}

/// Gives an account another password and ends its sessions but `keep`; answers with these.
///
/// # Errors
/// The database did not do it.
pub async fn set_password(
    db: &DatabaseConnection,
    id: UserId,
    password_hash: String,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, DbErr> {
    let tx = database::begin(db).await?;
    updated(&tx, id, Column::PasswordHash, Expr::value(password_hash)).await?;
    let ended = session::revoke_all(&tx, id, keep).await?;
    tx.commit().await?;
    Ok(ended)
}

async fn updated<C: ConnectionTrait>(db: &C, id: UserId, column: Column, value: Expr) -> Result<Option<Model>, DbErr> {
    Ok(Entity::update_many().col_expr(column, value).filter(Column::Id.eq(id)).exec_with_returning(db).await?.pop())
}

/// An account as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct View {
    /// Key.
    pub id: UserId,
    /// The address to sign in with, in lower case.
    pub email: String,
    /// What the person wants to be called.
    pub name: Option<String>,
    /// Rights.
    pub role: Role,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl From<Model> for View {
    fn from(user: Model) -> Self {
        Self { id: user.id, email: user.email, name: user.name, role: user.role, created_at: rfc3339(user.created_at) }
    }
}
