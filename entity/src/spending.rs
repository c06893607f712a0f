//! What is spent: amounts reserved before an attempt is sent, by user, UTC day and month.
//!
//! An amount is reserved in the transaction that records its attempt, before the first byte is sent, and given back only in
//! the one that records that the attempt cost nothing. So no budget is exceeded, whatever crashes in between.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};

use crate::budget::{self, Budget, Budgets};
use crate::{UserId, clock};

/// A row of `spending`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spending")]
pub struct Model {
    /// UTC day (`2026-11-27`) or month (`2026-11`).
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    /// The currency of the amount, by ISO 4217.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// The user; all zeros = a row without amount, which transactions lock.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// In minor units.
    pub amount: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The UTC day of a time in epoch milliseconds: `2026-11-27`.
#[must_use]
pub fn day_of(epoch_ms: i64) -> String {
    instant(epoch_ms).format("%Y-%m-%d").to_string()
}

/// The UTC month of a time in epoch milliseconds: `2026-11`.
#[must_use]
pub fn month_of(epoch_ms: i64) -> String {
    instant(epoch_ms).format("%Y-%m").to_string()
}

/// When the next UTC month begins, epoch ms.
#[must_use]
pub fn next_month() -> i64 {
    let today = instant(clock::system_ms()).date_naive();
    let next = today.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    next.and_then(|first| first.and_hms_opt(0, 0, 0)).map_or(i64::MAX, |midnight| midnight.and_utc().timestamp_millis())
}

fn instant(epoch_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default()
}

/// Amounts of the current periods in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Of the UTC day.
    pub day: i64,
    /// Of the UTC month.
    pub month: i64,
}

/// What a user has spent or reserved.
pub async fn of_user<C: ConnectionTrait>(db: &C, user: UserId, currency: &str) -> Result<Spent, DbErr> {
    let now = clock::system_ms();
    spent(db, now, currency, Some(user)).await
}

/// What all users together have spent or reserved.
pub async fn overall<C: ConnectionTrait>(db: &C, currency: &str) -> Result<Spent, DbErr> {
    spent(db, clock::system_ms(), currency, None).await
}

async fn spent<C: ConnectionTrait>(db: &C, at: i64, currency: &str, user: Option<UserId>) -> Result<Spent, DbErr> {
    let periods = [day_of(at), month_of(at)];
    let sums = sums(db, periods.clone().into(), currency, user).await?;
    let [day, month] = periods.map(|period| sums.get(&period).copied().unwrap_or(0));
    Ok(Spent { day, month })
}

async fn sums<C: ConnectionTrait>(
    db: &C,
    periods: Vec<String>,
    currency: &str,
    user: Option<UserId>,
) -> Result<BTreeMap<String, i64>, DbErr> {
    let total = Func::cast_as(Expr::col(Column::Amount).sum(), "BIGINT");
    let mut query = Entity::find()
        .select_only()
        .column(Column::Period)
        .expr_as(total, "total")
        .filter(Column::Period.is_in(periods))
        .filter(Column::Currency.eq(currency))
        .group_by(Column::Period);
    if let Some(user) = user {
        query = query.filter(Column::UserId.eq(user));
    }
    Ok(query.into_tuple::<(String, i64)>().all(db).await?.into_iter().collect())
}

/// An attempt about to be recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reservation {
    pub(crate) user: UserId,
    /// When it is sent, epoch ms.
    pub(crate) sent_at: i64,
    /// What it may cost; `None` = unknown.
    pub(crate) cost: Option<i64>,
}

/// Why an attempt may not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The number of submissions of the UTC day is used up.
    Submissions,
    /// A budget of the UTC day would be exceeded.
    DayBudget,
    /// A budget of the UTC month would be exceeded.
    MonthBudget,
    /// There is a budget, and nobody knows what the attempt costs.
    UnknownCost,
}

/// Reserves amounts. Returns why not, if one of them exceeds a budget; then the caller must roll back.
pub(crate) async fn reserve<C: ConnectionTrait>(
    tx: &C,
    reservations: &[Reservation],
    budgets: &Budgets,
) -> Result<Option<Refusal>, DbErr> {
    let Some(currency) = budgets.currency else { return Ok(None) };
    // What is certainly free is sent even if a budget is used up.
    let costly = || reservations.iter().filter(|reservation| reservation.cost != Some(0));
    let users: Vec<UserId> = costly().map(|reservation| reservation.user).collect();
    if users.is_empty() {
        return Ok(None);
    }
    let own = budget::of_users(tx, users).await?;
    let budget_of = |user| budgets.of(own.get(&user));
    let is_limited = |user| budgets.overall.is_set() || budget_of(user).is_set();
    if costly().any(|reservation| reservation.cost.is_none() && is_limited(reservation.user)) {
        return Ok(Some(Refusal::UnknownCost));
    }
    let periods = amounts(costly(), budgets.overall);
    if periods.is_empty() {
        return Ok(None);
    }
    let all: Vec<String> = periods.keys().filter(|(of_all, ..)| *of_all).map(|(_, period, _)| period.clone()).collect();
    let spent = add(tx, periods, currency).await?;
    for row in spent.iter().filter(|row| row.user_id != all_users()) {
        if let Some(refusal) = exceeded(&row.period, row.amount, budget_of(row.user_id)) {
            return Ok(Some(refusal));
        }
    }
    if all.is_empty() {
        return Ok(None);
    }
    // Their rows are locked: nobody else who observes these budgets has amounts that are not yet committed.
    let totals = sums(tx, all, currency, None).await?;
    Ok(totals.iter().find_map(|(period, total)| exceeded(period, *total, budgets.overall)))
}

/// Whether a row is locked by everyone, its period, and its user: the order in which all transactions lock rows, so that they
/// do not block each other for ever.
type Row = (bool, String, UserId);

fn amounts<'a>(reservations: impl Iterator<Item = &'a Reservation>, overall: Budget) -> BTreeMap<Row, i64> {
    let mut amounts = BTreeMap::new();
    for Reservation { user, sent_at, cost } in reservations {
        let Some(cost) = cost else { continue };
        for (period, budget) in [(day_of(*sent_at), overall.day), (month_of(*sent_at), overall.month)] {
            if budget.is_some() {
                amounts.insert((true, period.clone(), all_users()), 0);
            }
            *amounts.entry((false, period, *user)).or_insert(0) += cost;
        }
    }
    amounts
}

async fn add<C: ConnectionTrait>(tx: &C, amounts: BTreeMap<Row, i64>, currency: &str) -> Result<Vec<Model>, DbErr> {
    let rows = amounts.into_iter().map(|((_, period, user_id), amount)| ActiveModel {
        period: Set(period),
        currency: Set(currency.to_owned()),
        user_id: Set(user_id),
        amount: Set(amount),
    });
    let more = Expr::col((Entity, Column::Amount)).add(Expr::col(("excluded", Column::Amount)));
    let conflict =
        OnConflict::columns([Column::Period, Column::Currency, Column::UserId]).value(Column::Amount, more).to_owned();
    Entity::insert_many(rows).on_conflict(conflict).exec_with_returning(tx).await
}

/// Days have longer names than months.
fn exceeded(period: &str, amount: i64, budget: Budget) -> Option<Refusal> {
    let is_day = period.len() > "2026-11".len();
    let (most, refusal) = if is_day { (budget.day, Refusal::DayBudget) } else { (budget.month, Refusal::MonthBudget) };
    most.is_some_and(|most| amount > most).then_some(refusal)
}

/// Gives back what an attempt had reserved: it turned out to cost nothing.
pub(crate) async fn refund<C: ConnectionTrait>(
    tx: &C,
    user: UserId,
    sent_at: i64,
    (amount, currency): (i64, &str),
) -> Result<(), DbErr> {
    // In the order in which they were locked: months sort before their days.
    for period in [month_of(sent_at), day_of(sent_at)] {
        Entity::update_many()
            .col_expr(Column::Amount, Expr::col(Column::Amount).sub(amount))
            .filter(Column::Period.eq(period))
            .filter(Column::Currency.eq(currency))
            .filter(Column::UserId.eq(user))
            .exec(tx)
            .await?;
    }
    Ok(())
}

fn all_users() -> UserId {
    Uuid::nil().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_of_utc_and_months_sort_before_their_days() {
        let late = clock::parse_rfc3339("2026-12-31T23:59:59.999Z").unwrap();
        assert_eq!((day_of(late), month_of(late)), ("2026-12-31".to_owned(), "2026-12".to_owned()));
        assert_eq!(month_of(late + 1), "2027-01");
        assert!(month_of(late) < day_of(late));
        assert!(next_month() > clock::system_ms());
        assert_eq!(month_of(next_month() - 1), month_of(clock::system_ms()));
    }

    #[test]
    fn a_budget_in_another_currency_allows_nothing() {
        let budgets = Budgets { currency: Some("CNY"), ..Budgets::default() };
        let own = |currency: &str| budget::Model {
            user_id: crate::id::new_id(),
            currency: currency.into(),
            per_day: Some(500),
            per_month: None,
        };
        assert_eq!(budgets.of(Some(&own("CNY"))), Budget { day: Some(500), month: None });
        assert_eq!(budgets.of(Some(&own("USD"))), Budget { day: Some(0), month: None });
    }
}
