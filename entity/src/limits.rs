//! The limits of the queue, in a single row: how many jobs may be in flight, and whether admission is paused.
//!
//! The row is created from the environment and changed by administrators afterwards. Redis holds a mirror; every change
//! raises `version`, by which the newer of two states is known.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

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
    /// Number of the state; every change raises it.
    pub version: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The limits in force. If there are none, sets `concurrency` first.
pub async fn seed(db: &DatabaseConnection, concurrency: u32) -> Result<Model, DbErr> {
    if let Some(limits) = current(db).await? {
        return Ok(limits);
    }
    let row = ActiveModel {
        id: Set(1),
        concurrency: Set(i32::try_from(concurrency).unwrap_or(i32::MAX)),
        paused: Set(false),
        version: Set(1),
    };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    required(db).await
}

/// The limits in force, if they were ever set.
pub async fn current(db: &DatabaseConnection) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(1).one(db).await
}

/// Changes the limits that are given. The row must exist.
pub async fn update(db: &DatabaseConnection, concurrency: Option<i32>, paused: Option<bool>) -> Result<Model, DbErr> {
    let next = Expr::col(Column::Version).add(1);
    let mut update = Entity::update_many().filter(Column::Id.eq(1)).col_expr(Column::Version, next);
    if let Some(concurrency) = concurrency {
        update = update.col_expr(Column::Concurrency, Expr::value(concurrency));
    }
    if let Some(paused) = paused {
        update = update.col_expr(Column::Paused, Expr::value(paused));
    }
    let changed = update.exec_with_returning(db).await?.pop();
    changed.ok_or_else(missing)
}

/// Raises the version, because something else changed that the mirror of the limits depends on. The row may be missing.
pub(crate) async fn raise<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let next = Expr::col(Column::Version).add(1);
    Entity::update_many().col_expr(Column::Version, next).filter(Column::Id.eq(1)).exec(db).await.map(drop)
}

/// Raises the version above `other`, unless it is higher already. Returns the limits in force. The row must exist.
pub async fn raise_version(db: &DatabaseConnection, other: i64) -> Result<Model, DbErr> {
    Entity::update_many()
        .col_expr(Column::Version, Expr::value(other.saturating_add(1)))
        .filter(Column::Id.eq(1))
        .filter(Column::Version.lte(other))
        .exec(db)
        .await?;
    required(db).await
}

async fn required(db: &DatabaseConnection) -> Result<Model, DbErr> {
    current(db).await?.ok_or_else(missing)
}

fn missing() -> DbErr {
    DbErr::RecordNotFound("limits".into())
}
