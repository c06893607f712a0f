//! What was decided about the upstreams of the catalogue: how many jobs each may have in flight, whether an administrator
//! paused it, and whether its key was refused. An upstream without a row is used as the catalogue says.
//!
//! Every change raises the version of the limits ([`limits`](crate::limits)), by which the mirror in Redis is replaced. Functions
//! return the database's error if a statement fails.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};

use crate::{clock, database, limits};

/// A row of `upstream_controls`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upstream_controls")]
pub struct Model {
    /// The upstream's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub upstream: String,
    /// Maximum number of jobs in flight at it; 0 = no maximum; `None`: as the catalogue says.
    pub concurrency: Option<i32>,
    /// Whether an administrator paused it: nothing more is sent to it, what it works on is finished.
    pub paused: bool,
    /// When its key was refused, epoch ms. Nothing more is sent to it until its key changes or an administrator asks for it.
    pub refused_at: Option<i64>,
    /// A hash of the address and the key that were refused.
    pub refused_key: Option<String>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// All rows, by name.
pub async fn all(db: &DatabaseConnection) -> Result<Vec<Model>, DbErr> {
    use sea_orm::QueryOrder;
    Entity::find().order_by_asc(Column::Upstream).all(db).await
}

/// Changes what is given. `Some(None)` as concurrency returns to the catalogue's.
pub async fn change(
    db: &DatabaseConnection,
    upstream: &str,
    concurrency: Option<Option<i32>>,
    paused: Option<bool>,
) -> Result<(), DbErr> {
    let mut row = ActiveModel { upstream: Set(upstream.to_owned()), ..Default::default() };
    let mut changed = Vec::new();
    if let Some(concurrency) = concurrency {
        row.concurrency = Set(concurrency);
        changed.push(Column::Concurrency);
    }
    if let Some(paused) = paused {
        row.paused = Set(paused);
        changed.push(Column::Paused);
    }
    if changed.is_empty() { Ok(()) } else { upsert(db, row, &changed).await }
}

/// Records that the upstream refused the key whose hash is `key`.
pub async fn record_refusal(db: &DatabaseConnection, upstream: &str, key: &str) -> Result<(), DbErr> {
    let row = ActiveModel {
        upstream: Set(upstream.to_owned()),
        refused_at: Set(Some(clock::system_ms())),
        refused_key: Set(Some(key.to_owned())),
        ..Default::default()
    };
    upsert(db, row, &[Column::RefusedAt, Column::RefusedKey]).await
}

/// Lets the upstream be tried again after its key was refused. Returns whether it had been refused.
pub async fn forget_refusal(db: &DatabaseConnection, upstream: &str) -> Result<bool, DbErr> {
    let tx = database::begin(db).await?;
    let forgotten = Entity::update_many()
        .col_expr(Column::RefusedAt, Expr::value(None::<i64>))
        .col_expr(Column::RefusedKey, Expr::value(None::<String>))
        .filter(Column::Upstream.eq(upstream))
        .filter(Column::RefusedAt.is_not_null())
        .exec(&tx)
        .await?
        .rows_affected
        == 1;
    if forgotten {
        limits::raise(&tx).await?;
    }
    tx.commit().await?;
    Ok(forgotten)
}

async fn upsert(db: &DatabaseConnection, row: ActiveModel, changed: &[Column]) -> Result<(), DbErr> {
    let tx = database::begin(db).await?;
    let conflict = OnConflict::column(Column::Upstream).update_columns(changed.iter().copied()).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(&tx).await?;
    limits::raise(&tx).await?;
    tx.commit().await
}
