//! Budgets of a user, and what is left of them. The processors enforce budgets; the gateway reports early what exceeds them.

use std::fmt;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::Currency;
use entity::budget::{self, Budget};
use entity::clock::{rfc3339, system_ms};
use entity::spending::{self, Spent};
use entity::submission::until_tomorrow;
use entity::{UserId, statistics};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{NO_STORE, Reader};
use crate::error::ApiError;
use crate::state::Gateway;

/// Whose spending a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BudgetScope)]
pub(crate) enum Scope {
    /// The user's own.
    User,
    /// That of all users together.
    Everyone,
}

/// How long a budget lasts. Days and months are those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BudgetPeriod)]
pub(crate) enum Period {
    /// A day.
    Day,
    /// A month.
    Month,
}

/// A budget that applies to the user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Budget)]
pub(crate) struct BudgetView {
    /// Whose spending it limits.
    scope: Scope,
    /// How long it lasts.
    period: Period,
    /// The budget, as a decimal number in the main unit of the currency; null for `everyone`.
    amount: Option<String>,
    /// What was spent or is reserved for running jobs; null for `everyone`.
    spent: Option<String>,
    /// What is left for new jobs, after the user's waiting jobs; never negative.
    left: String,
    /// When it is whole again (RFC 3339, UTC).
    resets_at: String,
}

/// The budgets that apply to the user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Budgets {
    /// Code of ISO 4217, such as `CNY`; null if models have no prices.
    currency: Option<&'static str>,
    /// The budgets; empty if there are none.
    budgets: Vec<BudgetView>,
}

/// What is left of a budget, in minor units.
#[derive(Clone, Copy, Debug)]
struct Left {
    scope: Scope,
    period: Period,
    amount: i64,
    spent: i64,
    left: i64,
    resets_at: i64,
}

/// Read your budgets
///
/// What may be spent per day and month, and what is left. Jobs that would exceed a budget are rejected (`over_budget`).
#[utoipa::path(
    get, path = "/api/budgets", operation_id = "readBudgets", tag = "Account",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    responses((status = 200, description = "The budgets that apply to the user.", body = Budgets)),
)]
pub(crate) async fn budgets(State(gateway): State<Gateway>, caller: Reader) -> Result<Response, ApiError> {
    let currency = currency(&gateway);
    let left = match currency {
        Some(currency) => left(&gateway, caller.user(), currency).await?,
        None => Vec::new(),
    };
    let view = |currency: Currency, of: Left| {
        let own = of.scope == Scope::User;
        BudgetView {
            scope: of.scope,
            period: of.period,
            amount: own.then(|| currency.decimal(of.amount)),
            spent: own.then(|| currency.decimal(of.spent)),
            left: currency.decimal(of.left.max(0)),
            resets_at: rfc3339(of.resets_at),
        }
    };
    let budgets = currency.map(|currency| left.into_iter().map(|of| view(currency, of)).collect()).unwrap_or_default();
    Ok(([NO_STORE], Json(Budgets { currency: currency.map(Currency::code), budgets })).into_response())
}

/// The currency of prices and budgets, if there are prices.
pub(crate) fn currency(gateway: &Gateway) -> Option<Currency> {
    gateway.config.catalogue.currency.filter(|_| gateway.config.budgets.currency.is_some())
}

/// Requires that `count` videos of this model and length exceed no budget, or returns [`ApiError::OverBudget`]. Concurrent
/// requests can exceed a budget together; their jobs then wait.
pub(crate) async fn require(
    gateway: &Gateway,
    user: UserId,
    (model, seconds): (&str, i32),
    count: usize,
) -> Result<(), ApiError> {
    let Some(currency) = currency(gateway) else { return Ok(()) };
    let price = gateway.config.catalogue.cost_of(model, seconds);
    if price == Some(0) {
        return Ok(());
    }
    let wanted = price.map(|price| price.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)));
    let exceeded = |of: &Left| wanted.is_none_or(|wanted| wanted > of.left);
    // The one that lasts longest: waiting for the others would not help.
    let left = left(gateway, user, currency).await?;
    match left.into_iter().filter(exceeded).max_by_key(|of| of.resets_at) {
        Some(of) => Err(ApiError::OverBudget(OverBudget::new(&of, wanted, currency))),
        None => Ok(()),
    }
}

/// The budgets that apply to a user.
async fn left(gateway: &Gateway, user: UserId, currency: Currency) -> Result<Vec<Left>, ApiError> {
    let (db, budgets) = (&gateway.db, &gateway.config.budgets);
    let own = budgets.of(budget::of_user(db, user).await?.as_ref());
    let mut left = Vec::new();
    if !own.is_set() && !budgets.overall.is_set() {
        return Ok(left);
    }
    let waiting = waiting(gateway, user).await?;
    for (scope, budget) in [(Scope::User, own), (Scope::Everyone, budgets.overall)] {
        if !budget.is_set() {
            continue;
        }
        let spent = match scope {
            Scope::User => spending::of_user(db, user, currency.code()).await?,
            Scope::Everyone => spending::overall(db, currency.code()).await?,
        };
        left.extend(of_scope(scope, budget, spent, waiting));
    }
    Ok(left)
}

fn of_scope(scope: Scope, budget: Budget, spent: Spent, waiting: i64) -> impl Iterator<Item = Left> {
    let tomorrow = system_ms() + until_tomorrow();
    let periods = [
        (Period::Day, budget.day, spent.day, tomorrow),
        (Period::Month, budget.month, spent.month, spending::next_month()),
    ];
    periods.into_iter().filter_map(move |(period, amount, spent, resets_at)| {
        let amount = amount?;
        Some(Left { scope, period, amount, spent, left: amount - spent - waiting, resets_at })
    })
}

/// What the user's jobs will cost for which nothing is reserved yet, as far as it is known.
async fn waiting(gateway: &Gateway, user: UserId) -> Result<i64, ApiError> {
    let jobs = statistics::unpaid_of(&gateway.db, user).await?;
    let cost = |(model, seconds, count): (String, i32, i64)| {
        gateway.config.catalogue.cost_of(&model, seconds).unwrap_or(0).saturating_mul(count)
    };
    Ok(jobs.into_iter().map(cost).fold(0, i64::saturating_add))
}

/// Which budget a request exceeds. Amounts are text with their currency, such as `CNY 3.20`.
#[derive(Debug)]
pub(crate) struct OverBudget {
    scope: Scope,
    period: Period,
    /// What the request costs; `None` = unknown.
    wanted: Option<String>,
    left: String,
    resets_at: i64,
}

impl OverBudget {
    fn new(of: &Left, wanted: Option<i64>, currency: Currency) -> Self {
        let text = |minor_units| format!("{currency} {}", currency.decimal(minor_units));
        Self {
            scope: of.scope,
            period: of.period,
            wanted: wanted.map(text),
            left: text(of.left.max(0)),
            resets_at: of.resets_at,
        }
    }

    /// Seconds until the budget is whole again.
    pub(crate) fn retry_after(&self) -> i64 {
        (self.resets_at - system_ms()).max(0).div_euclid(1_000) + 1
    }

    /// An example for the documentation.
    pub(crate) fn sample() -> Self {
        Self {
            scope: Scope::User,
            period: Period::Day,
            wanted: Some("CNY 3.20".into()),
            left: "CNY 0.60".into(),
            resets_at: 1_769_904_000_000,
        }
    }
}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period {
            Period::Day => "today",
            Period::Month => "this month",
        };
        let whose = match self.scope {
            Scope::User => "Your",
            Scope::Everyone => "This server's",
        };
        let (left, resets_at) = (&self.left, rfc3339(self.resets_at));
        match &self.wanted {
            Some(wanted) => write!(f, "{whose} budget for {period} has {left} left, and this costs {wanted}.")?,
            None => write!(f, "{whose} budget for {period} does not allow this: the price of the model is not known.")?,
        }
        write!(f, " It resets at {resets_at}.")
    }
}
