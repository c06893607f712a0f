//! Accounts.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, SqlErr};
use serde::Serialize;

use crate::id::{UserId, fresh};
use crate::{clock, database, setup};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
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

/// Creates an account; `None` when the address is taken.
///
/// With `first_is_admin` the very first account of the system becomes administrator: one row in `setup` is claimed in
/// the same transaction, so that of any number of first registrations exactly one wins.
///
/// # Errors
/// The database did not do it.
pub async fn create(db: &DatabaseConnection, new: New, first_is_admin: bool) -> Result<Option<Model>, DbErr> {
    let id = fresh();
    let tx = database::begin(db).await?;
    let admin = first_is_admin && setup::claim(&tx, id).await?;
    let row = ActiveModel {
        id: Set(id),
        email: Set(new.email),
        name: Set(new.name),
        password_hash: Set(new.password_hash),
        role: Set(if admin { Role::Admin } else { Role::User }),
        disabled_at: Set(None),
        created_at: Set(clock::wall()),
    };
    match row.insert(&tx).await {
        Ok(user) => tx.commit().await.map(|()| Some(user)),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(None),
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
