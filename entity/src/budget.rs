//! Budgets: what may be spent per UTC day and month, of each user and of all together.
//!
//! The configuration gives them; a row here gives a user others. They are checked in the transaction that records an attempt
//! ([`spending`](crate::spending)).

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use crate::UserId;

/// A row of `user_budgets`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_budgets")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The currency of the amounts, by ISO 4217.
    pub currency: String,
    /// Maximum of a day in minor units; `None` = as configured.
    pub per_day: Option<i64>,
    /// Maximum of a month in minor units; `None` = as configured.
    pub per_month: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Maximum amounts in minor units; `None` = no maximum, 0 = nothing that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Per UTC day.
    pub day: Option<i64>,
    /// Per UTC month.
    pub month: Option<i64>,
}

impl Budget {
    /// Whether there is a maximum.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.day.is_some() || self.month.is_some()
    }
}

/// The configured budgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// The currency of prices and budgets, by ISO 4217; `None` = there are no prices, and no budget applies.
    pub currency: Option<&'static str>,
    /// Of each user: `BUDGET_PER_USER_PER_DAY`, `BUDGET_PER_USER_PER_MONTH`.
    pub per_user: Budget,
    /// Of all users together: `BUDGET_PER_DAY`, `BUDGET_PER_MONTH`.
    pub overall: Budget,
}

impl Budgets {
    /// The budget of a user, who may have one of their own. Amounts in another currency than the prices count as 0, because
    /// nobody can tell what they allow.
    #[must_use]
    pub fn of(&self, own: Option<&Model>) -> Budget {
        let Some(own) = own else { return self.per_user };
        let is_same = Some(&*own.currency) == self.currency;
        let amount = |own: Option<i64>, configured| own.map(|amount| if is_same { amount } else { 0 }).or(configured);
        Budget { day: amount(own.per_day, self.per_user.day), month: amount(own.per_month, self.per_user.month) }
    }
}

/// The users among these that have budgets of their own.
pub async fn of_users<C: ConnectionTrait>(db: &C, users: Vec<UserId>) -> Result<HashMap<UserId, Model>, DbErr> {
    let rows = Entity::find().filter(Column::UserId.is_in(users)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row)).collect())
}

/// The budget of a user's own, if there is one.
pub async fn of_user<C: ConnectionTrait>(db: &C, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(user).one(db).await
}

/// Gives a user budgets of their own, or takes them away if there is no amount.
pub async fn set(db: &DatabaseConnection, own: Model) -> Result<(), DbErr> {
    if own.per_day.is_none() && own.per_month.is_none() {
        return Entity::delete_by_id(own.user_id).exec(db).await.map(drop);
    }
    let row = ActiveModel {
        user_id: Set(own.user_id),
        currency: Set(own.currency),
        per_day: Set(own.per_day),
        per_month: Set(own.per_month),
    };
    let replace = OnConflict::column(Column::UserId)
        .update_columns([Column::Currency, Column::PerDay, Column::PerMonth])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(db).await.map(drop)
}
