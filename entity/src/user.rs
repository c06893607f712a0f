//! Accounts.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{DatabaseTransaction, QueryOrder, QuerySelect, SqlErr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::rfc3339;
use crate::id::{UserId, new_id};
use crate::search::contains;
use crate::{clock, database, setup};

/// The permissions of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Access to the account's own jobs and videos.
    #[sea_orm(string_value = "user")]
    User,
    /// Access to administration as well.
    #[sea_orm(string_value = "admin")]
    Admin,
}

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Email address in lower case; unique.
    pub email: String,
    /// Display name.
    pub name: Option<String>,
    /// Argon2id hash, as a PHC string.
    pub password_hash: String,
    /// The permissions.
    pub role: Role,
    /// When an administrator disabled the account, epoch ms.
    pub disabled_at: Option<i64>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The content of a new account.
#[derive(Clone, Debug)]
pub struct New {
    /// Email address, already in lower case.
    pub email: String,
    /// Display name.
    pub name: Option<String>,
    /// Argon2id hash, as a PHC string.
    pub password_hash: String,
}

/// The role that a new account asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialRole {
    /// User.
    User,
    /// Administrator if this is the very first account, otherwise user.
    AdminIfFirst,
    /// Administrator by the setup token, which is valid for the very first account only.
    FirstAdmin,
    /// Administrator, from the command line.
    Admin,
}

/// The result of a registration.
#[derive(Clone, Debug)]
pub enum Registered {
    /// The account was created.
    Created(Model),
    /// Another account has this email address.
    EmailTaken,
    /// The first account exists, so the setup token is no longer valid.
    SetupClosed,
}

/// Creates an account. The same transaction claims a row in `setup`, so that of any number of concurrent first accounts
/// exactly one becomes administrator.
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

/// The account with this email address (in lower case).
pub async fn by_email(db: &DatabaseConnection, email: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Email.eq(email)).one(db).await
}

/// The account with this id.
pub async fn by_id(db: &DatabaseConnection, id: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Locks the row of an account until the transaction ends, so that what belongs to the account can be counted. SQLite's
/// transactions lock the whole database.
pub(crate) async fn lock(tx: &DatabaseTransaction, id: UserId) -> Result<(), DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await.map(drop)
}

/// The accounts with these ids, in any order.
pub async fn by_ids(db: &DatabaseConnection, ids: Vec<UserId>) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Id.is_in(ids)).all(db).await
}

/// Up to `limit` accounts with `text` in address or name, newest first; only those older than `before`, if given.
pub async fn page(
    db: &DatabaseConnection,
    text: Option<&str>,
    before: Option<UserId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if let Some(text) = text {
        let matches = |column| contains(db.get_database_backend(), column, text);
        query = query.filter(matches(Column::Email).or(matches(Column::Name)));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    database::all_heavy(db, query.order_by_desc(Column::Id).limit(limit)).await
}

/// Changes the display name of an account. Returns `None` if there is no such account.
pub async fn rename(db: &DatabaseConnection, id: UserId, name: Option<String>) -> Result<Option<Model>, DbErr> {
    update(db, id, Column::Name, Expr::value(name)).await
}

/// Sets one column of an account. Returns the account as committed, if there is one.
pub(crate) async fn update<C: ConnectionTrait>(
    db: &C,
    id: UserId,
    column: Column,
    value: Expr,
) -> Result<Option<Model>, DbErr> {
    Ok(Entity::update_many().col_expr(column, value).filter(Column::Id.eq(id)).exec_with_returning(db).await?.pop())
}

/// An account as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct View {
    /// Id.
    pub id: UserId,
    /// Email address in lower case.
    pub email: String,
    /// Display name.
    pub name: Option<String>,
    /// Permissions.
    pub role: Role,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl From<Model> for View {
    fn from(user: Model) -> Self {
        Self { id: user.id, email: user.email, name: user.name, role: user.role, created_at: rfc3339(user.created_at) }
    }
}
