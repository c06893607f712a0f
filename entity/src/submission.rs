//! Submissions per day: what costs money, counted so that deleting a job or an account does not reduce it.
//!
//! An attempt is counted in the transaction that records it, before its first byte is sent, and subtracted only in the one that
//! records that it cost nothing. So the caps hold whatever crashes in between.
//!
//! Submissions of different users do not wait for each other: the row of all users is locked only while their total has a cap.
//! The total is the sum of the users' rows.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};

use crate::budget::Budgets;
use crate::{UserId, clock};

/// A row of `submissions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submissions")]
pub struct Model {
    /// Days since 1970-01-01, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// The user; all zeros = the row of all users, whose count earlier releases read.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Number of submissions.
    pub count: i32,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What may be submitted: maximum number of submissions per day, 0 = no maximum, and budgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Per user: `DAILY_SUBMISSIONS_PER_USER`.
    pub per_user: u32,
    /// Of all users together: `SORA_DAILY_SUBMISSIONS`.
    pub overall: u32,
    /// What may be spent.
    pub budgets: Budgets,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The UTC day of a time in epoch milliseconds.
#[must_use]
pub fn day_of(epoch_ms: i64) -> i32 {
    i32::try_from(epoch_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

/// Milliseconds until the next UTC day begins.
#[must_use]
pub fn until_tomorrow() -> i64 {
    DAY_MS - clock::system_ms().rem_euclid(DAY_MS)
}

/// The number of submissions of a user today.
pub async fn today<C: ConnectionTrait>(db: &C, user: UserId) -> Result<i32, DbErr> {
    let row = Entity::find_by_id((day_of(clock::system_ms()), user)).one(db).await?;
    Ok(row.map_or(0, |row| row.count))
}

/// The number of submissions of all users today.
pub async fn overall_today<C: ConnectionTrait>(db: &C) -> Result<i32, DbErr> {
    total(db, day_of(clock::system_ms())).await
}

async fn total<C: ConnectionTrait>(db: &C, day: i32) -> Result<i32, DbErr> {
    let total = Func::cast_as(Expr::col(Column::Count).sum(), "INTEGER");
    let query = Entity::find()
        .select_only()
        .expr_as(total, "total")
        .filter(Column::Day.eq(day))
        .filter(Column::UserId.ne(all_users()));
    let total = query.into_tuple::<Option<i32>>().one(db).await?;
    Ok(total.flatten().unwrap_or(0))
}

/// Adds submissions, each of a day and a user. Returns false if one of them exceeds a cap; then the caller must roll back.
pub(crate) async fn charge<C: ConnectionTrait>(
    tx: &C,
    submissions: impl IntoIterator<Item = (i32, UserId)>,
    caps: Caps,
) -> Result<bool, DbErr> {
    // In the order of users, and the total last: transactions that lock these rows in one order do not block each other for
    // ever.
    let mut counts = BTreeMap::new();
    for (day, user) in submissions {
        *counts.entry((false, day, user)).or_insert(0) += 1;
        if caps.overall > 0 {
            *counts.entry((true, day, all_users())).or_insert(0) += 1;
        }
    }
    if counts.is_empty() {
        return Ok(true);
    }
    let capped: Vec<i32> = counts.keys().filter(|(of_all, ..)| *of_all).map(|(_, day, _)| *day).collect();
    let rows = counts.into_iter().map(|((_, day, user_id), count)| ActiveModel {
        day: Set(day),
        user_id: Set(user_id),
        count: Set(count),
    });
    let more = Expr::col((Entity, Column::Count)).add(Expr::col(("excluded", Column::Count)));
    let conflict = OnConflict::columns([Column::Day, Column::UserId]).value(Column::Count, more).to_owned();
    let counts = Entity::insert_many(rows).on_conflict(conflict).exec_with_returning(tx).await?;
    let within = |count: i32, cap: u32| cap == 0 || u32::try_from(count).is_ok_and(|count| count <= cap);
    if !counts.iter().all(|row| row.user_id == all_users() || within(row.count, caps.per_user)) {
        return Ok(false);
    }
    // The row of all users is locked: nobody else who observes the cap has counts that are not yet committed.
    for day in capped {
        if !within(total(tx, day).await?, caps.overall) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Subtracts one: what was counted turned out to be no submission.
pub(crate) async fn refund<C: ConnectionTrait>(tx: &C, day: i32, user: UserId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Count, Expr::col(Column::Count).sub(1))
        .filter(Column::Day.eq(day))
        .filter(Column::UserId.eq(user))
        .exec(tx)
        .await
        .map(drop)
}

fn all_users() -> UserId {
    Uuid::nil().into()
}
