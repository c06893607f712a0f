//! Addresses at which the result of an attempt may be, in the order in which they became known.
//!
//! Each is committed as soon as the upstream names it, so that a crash loses none and every download can try them all.
//! Functions return the database's error if a statement fails.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query};

use crate::{AttemptId, UserId, clock};

/// A row of `attempt_results`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt_results")]
pub struct Model {
    /// The attempt.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_id: AttemptId,
    /// 1, 2, … in the order in which they became known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The address.
    pub url: String,
    /// Where it was found: the name of a `sora::CandidateSource`, or [`ADMIN`].
    pub source: String,
    /// The administrator who added it.
    pub added_by: Option<UserId>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The source of an address that an administrator added.
pub const ADMIN: &str = "admin";

/// Records an address that the upstream named. Recording it again changes nothing.
pub async fn record<C: ConnectionTrait>(db: &C, attempt: AttemptId, url: &str, source: &str) -> Result<(), DbErr> {
    insert(db, attempt, url, source, None).await
}

/// The addresses of an attempt, in the order in which they became known.
pub async fn of_attempt(db: &DatabaseConnection, attempt: AttemptId) -> Result<Vec<Model>, DbErr> {
    of_attempts(db, vec![attempt]).await
}

/// The addresses of several attempts, by attempt and then in the order in which they became known.
pub async fn of_attempts(db: &DatabaseConnection, attempts: Vec<AttemptId>) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::AttemptId.is_in(attempts))
        .order_by_asc(Column::AttemptId)
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// Inserts the address at the next position, unless the attempt has it already.
pub(crate) async fn insert<C: ConnectionTrait>(
    db: &C,
    attempt: AttemptId,
    url: &str,
    source: &str,
    added_by: Option<UserId>,
) -> Result<(), DbErr> {
    let last = Func::coalesce([Expr::col(Column::Position).max(), Expr::val(0)]);
    let known = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Column::AttemptId.eq(attempt).and(Column::Url.eq(url)))
        .take();
    let row = Query::select()
        .expr(Expr::val(attempt))
        .expr(Expr::expr(last).add(1))
        .expr(Expr::val(url))
        .expr(Expr::val(source))
        .expr(Expr::val(added_by))
        .expr(Expr::val(clock::system_ms()))
        .from(Entity)
        .and_where(Column::AttemptId.eq(attempt))
        .and_having(Expr::exists(known).not())
        .take();
    let columns =
        [Column::AttemptId, Column::Position, Column::Url, Column::Source, Column::AddedBy, Column::CreatedAt];
    let insert = Query::insert()
        .into_table(Entity)
        .columns(columns)
        .select_from(row)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .on_conflict(OnConflict::columns([Column::AttemptId, Column::Position]).do_nothing().to_owned())
        .to_owned();
    db.execute(&insert).await.map(drop)
}
