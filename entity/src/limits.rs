//! The limits of the queue, in a single row: how many jobs may be in flight, and whether admission is paused.
//!
//! The row is created from the environment and changed by administrators afterwards. Redis holds a mirror.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};

/// The row of `limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "limits")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Maximum number of jobs in flight in all processors; 0 = no maximum.
    pub concurrency: i32,
    /// Whether admission is paused.
    pub paused: bool,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The limits in force. If there are none, sets `concurrency` first.
pub async fn seed(db: &DatabaseConnection, concurrency: u32) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(1),
        concurrency: Set(i32::try_from(concurrency).unwrap_or(i32::MAX)),
        paused: Set(false),
    };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    current(db).await?.ok_or_else(|| DbErr::RecordNotFound("limits".into()))
}

/// The limits in force, if they were ever set.
pub async fn current(db: &DatabaseConnection) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(1).one(db).await
}

/// Changes the limits that are given. The row must exist.
pub async fn update(db: &DatabaseConnection, concurrency: Option<i32>, paused: Option<bool>) -> Result<Model, DbErr> {
    let mut update = Entity::update_many().filter(Column::Id.eq(1));
    update = match concurrency {
        Some(concurrency) => update.col_expr(Column::Concurrency, Expr::value(concurrency)),
        None => update.col_expr(Column::Concurrency, Expr::col(Column::Concurrency)),
    };
    if let Some(paused) = paused {
        update = update.col_expr(Column::Paused, Expr::value(paused));
    }
    let changed = update.exec_with_returning(db).await?.pop();
    changed.ok_or_else(|| DbErr::RecordNotFound("limits".into()))
}
