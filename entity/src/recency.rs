//! How recent a database is: a number that rises while processors work with it, in a single row. Redis repeats it, so that an
//! older copy of the database is noticed, such as a backup that was put in place by hand.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

use crate::{clock, schema};

/// The row of `recency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recency")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Distinguishes an older copy from another database.
    pub database_id: Uuid,
    /// The number. It never falls.
    pub tick: i64,
    /// When it was raised, epoch ms.
    pub raised_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far the number is raised once a restored backup was prepared for use. Far more than it rises otherwise.
const AFTER_RESTORE: i64 = 1_000_000_000;

/// Returns the row, which is created first if there is none.
pub async fn current(db: &DatabaseConnection) -> Result<Model, DbErr> {
    if let Some(row) = Entity::find_by_id(1).one(db).await? {
        return Ok(row);
    }
    let row = ActiveModel { id: Set(1), database_id: Set(Uuid::now_v7()), tick: Set(0), raised_at: Set(0) };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Entity::find_by_id(1).one(db).await?.ok_or_else(|| DbErr::RecordNotFound("recency".into()))
}

/// Raises the number unless somebody has within `interval`.
pub async fn raise(db: &DatabaseConnection, interval: Duration) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let raised_at = || Expr::col(Column::RaisedAt);
    let is_due = raised_at().add(clock::millis(interval)).lte(clock::now(backend));
    Entity::update_many()
        .col_expr(Column::Tick, Expr::col(Column::Tick).add(1))
        .col_expr(Column::RaisedAt, clock::now(backend))
        // A time in the future is one before the clock was set back.
        .filter(is_due.or(raised_at().gt(clock::now(backend))))
        .exec(db)
        .await
        .map(drop)
}

/// Makes a restored backup count as recent.
pub(crate) async fn raise_after_restore<C: ConnectionTrait>(tx: &C) -> Result<(), DbErr> {
    if schema::has_table(tx, "recency").await? {
        let raised = Expr::col(Column::Tick).add(AFTER_RESTORE);
        Entity::update_many().col_expr(Column::Tick, raised).exec(tx).await?;
    }
    Ok(())
}
