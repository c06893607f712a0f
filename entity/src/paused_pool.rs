//! Pools that an administrator paused: their jobs wait. Every change raises the version of the limits
//! ([`limits`](crate::limits)). Functions return the database's error if a statement fails.

use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::{database, limits};

/// A row of `paused_pools`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "paused_pools")]
pub struct Model {
    /// The pool's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub pool: String,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The names of all paused pools, sorted.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    Ok(Entity::find().order_by_asc(Column::Pool).all(db).await?.into_iter().map(|row| row.pool).collect())
}

/// Pauses or resumes a pool.
pub async fn set(db: &DatabaseConnection, pool: &str, paused: bool) -> Result<(), DbErr> {
    let tx = database::begin(db).await?;
    if paused {
        let row = ActiveModel { pool: Set(pool.to_owned()) };
        let conflict = OnConflict::column(Column::Pool).do_nothing().to_owned();
        Entity::insert(row).on_conflict(conflict).exec_without_returning(&tx).await?;
    } else {
        Entity::delete_by_id(pool.to_owned()).exec(&tx).await?;
    }
    limits::raise(&tx).await?;
    tx.commit().await
}
