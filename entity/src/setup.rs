//! The first account, in a single row: it can be claimed once, and so decides who becomes the first administrator.

use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use crate::UserId;

/// The row of `setup`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "setup")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The first account, once there is one.
    pub first_account: Option<UserId>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whether the first account does not exist yet.
pub async fn is_open(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(1).one(db).await?.is_some_and(|setup| setup.first_account.is_none()))
}

/// Claims to be the first account. Returns true for exactly one account, ever. The row stays locked until the caller's
/// transaction ends; if that fails, the claim is free again.
pub(crate) async fn claim<C: ConnectionTrait>(db: &C, user: UserId) -> Result<bool, DbErr> {
    let claimed = Entity::update_many()
        .col_expr(Column::FirstAccount, Expr::value(user))
        .filter(Column::FirstAccount.is_null())
        .exec(db)
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// Locks the row until the transaction ends. Serializes changes after which at least one administrator must remain.
pub(crate) async fn lock<C: ConnectionTrait>(tx: &C) -> Result<(), DbErr> {
    Entity::find_by_id(1).lock_exclusive().one(tx).await.map(drop)
}
