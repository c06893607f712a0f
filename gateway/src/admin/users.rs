//! `/api/admin/users`: lists accounts, changes their roles and budgets, disables and enables them.
//!
//! Administrators cannot demote or disable themselves, so at least one always remains. Disabling an account ends its
//! sessions and cancels its waiting jobs.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::Currency;
use entity::account::{self, AdminChange};
use entity::user::{self, Model, Role, View};
use entity::{UserId, budget, job, statistics};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::admin::audit::record;
use crate::auth::{Admin, NO_STORE, sessions_ended, user_changed};
use crate::costs::budgets;
use crate::error::{ApiError, ErrorCode};
use crate::heavy_query::heavy_query;
use crate::http::body::{Fields, JsonBody, RequestBody, Rule};
use crate::http::path::Id;
use crate::http::query::{Parameters, Query, QueryParameters, take_page};
use crate::state::Gateway;
use crate::videos::publish_cancelled;

/// An account, for administrators.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminUser {
    #[serde(flatten)]
    pub(crate) user: View,
    /// Whether it is disabled.
    pub(crate) disabled: bool,
    /// Number of its jobs.
    pub(crate) jobs: u64,
    /// Its budgets of its own; null if they are the configured ones.
    pub(crate) budget: Option<UserBudget>,
}

/// Budgets of a user's own, as decimal numbers in the main unit of the currency; null = as configured.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserBudget {
    /// Code of ISO 4217. If it is not the currency of the prices, the amounts count as 0.
    currency: String,
    /// Per UTC day.
    per_day: Option<String>,
    /// Per UTC month.
    per_month: Option<String>,
}

impl From<budget::Model> for UserBudget {
    fn from(own: budget::Model) -> Self {
        let currency = own.currency.parse::<Currency>().ok();
        let text = |amount: Option<i64>| Some(currency?.decimal(amount?));
        Self { per_day: text(own.per_day), per_month: text(own.per_month), currency: own.currency }
    }
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdminUserPage {
    /// Newest first.
    pub(crate) data: Vec<AdminUser>,
    /// `cursor` of the next page; null on the last one.
    pub(crate) next_cursor: Option<UserId>,
}

/// Selects accounts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserSearch {
    /// Text in the email or the name, in upper or lower case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Maximum number of rows.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    limit: u64,
    /// `nextCursor` of the previous page.
    #[param(value_type = Option<String>, format = "uuid")]
    cursor: Option<UserId>,
}

impl QueryParameters for UserSearch {
    fn read(query: &mut Query) -> Self {
        Self { q: query.search(), cursor: query.cursor(), limit: query.limit() }
    }
}

/// List accounts
#[utoipa::path(
    get, path = "/api/admin/users", operation_id = "listUsers", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    params(UserSearch),
    responses((status = 200, description = "Accounts, newest first.", body = AdminUserPage)),
)]
pub(crate) async fn users(
    State(gateway): State<Gateway>,
    admin: Admin,
    Parameters(UserSearch { q, limit, cursor }): Parameters<UserSearch>,
) -> Result<Response, ApiError> {
    let page = move |db| async move { user::page(&db, q.as_deref(), cursor, limit + 1).await };
    let mut rows = heavy_query(&gateway, admin.user.id, page).await?;
    let next_cursor = take_page(&mut rows, limit, |user| user.id);
    let data = with_jobs(&gateway, rows).await?;
    Ok(([NO_STORE], Json(AdminUserPage { data, next_cursor })).into_response())
}

/// What to change. Fields that are left out do not change.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"role": "user", "disabled": false}))]
pub(crate) struct ChangeUserRequest {
    /// New role.
    role: Option<Role>,
    /// Whether the account is disabled.
    disabled: Option<bool>,
    /// What the account may spend per UTC day, as a decimal number in the main unit of the currency; null = as configured.
    #[schema(value_type = Option<String>)]
    budget_per_day: Option<Option<i64>>,
    /// What the account may spend per UTC month; null = as configured.
    #[schema(value_type = Option<String>)]
    budget_per_month: Option<Option<i64>>,
}

impl RequestBody for ChangeUserRequest {
    fn read(fields: &mut Fields, gateway: &Gateway) -> Option<Self> {
        let (role, disabled) = (fields.optional_text("role", role), fields.optional_flag("disabled"));
        let amount = |text: &str| match budgets::currency(gateway) {
            Some(currency) => currency.minor_units(text).map_err(|rule| ("invalid_amount", sentence(&rule))),
            None => Err(("unsupported", "The models of this server have no prices.".into())),
        };
        let budget_per_day = fields.nullable_text("budgetPerDay", amount);
        let budget_per_month = fields.nullable_text("budgetPerMonth", amount);
        Some(Self {
            role: role?,
            disabled: disabled?,
            budget_per_day: budget_per_day?,
            budget_per_month: budget_per_month?,
        })
    }
}

/// Change the role or the budgets of an account, disable or enable it
///
/// Disabling an account ends its sessions, stops its keys and share links from working, and cancels its waiting jobs.
/// Administrators cannot demote or disable themselves (`wrong_state`).
#[utoipa::path(
    patch, path = "/api/admin/users/{user}", operation_id = "changeUser", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    request_body = ChangeUserRequest,
    responses((status = 200, description = "The updated account.", body = AdminUser)),
    extensions(("x-errors" = json!([ErrorCode::WrongState]))),
)]
pub(crate) async fn change_user(
    State(gateway): State<Gateway>,
    admin: Admin,
    Id(id): Id<UserId>,
    JsonBody { content: request, .. }: JsonBody<ChangeUserRequest>,
) -> Result<Response, ApiError> {
    let ChangeUserRequest { role, disabled, budget_per_day, budget_per_month } = request;
    let mut user = user::by_id(&gateway.db, id).await?.ok_or(ApiError::NotFound)?;
    if id == admin.user.id && (role == Some(Role::User) || disabled == Some(true)) {
        return Err(ApiError::WrongState("You cannot demote or disable your own account."));
    }
    if let Some(role) = role {
        user = left(account::set_role(&gateway.db, id, role).await?)?;
        let action = if role == Role::Admin { "user.promoted" } else { "user.demoted" };
        record(&gateway, &admin.user, action, Some(user.email.clone())).await?;
    }
    match disabled {
        Some(true) => user = disable(&gateway, &admin, id).await?,
        Some(false) => {
            user = account::enable(&gateway.db, id).await?.ok_or(ApiError::NotFound)?;
            record(&gateway, &admin.user, "user.enabled", Some(user.email.clone())).await?;
        }
        None => {}
    }
    if budget_per_day.is_some() || budget_per_month.is_some() {
        change_budget(&gateway, id, budget_per_day, budget_per_month).await?;
        record(&gateway, &admin.user, "user.budget", Some(user.email.clone())).await?;
    }
    user_changed(&gateway, id).await;
    let user = with_jobs(&gateway, vec![user]).await?.pop().ok_or(ApiError::NotFound)?;
    Ok(([NO_STORE], Json(user)).into_response())
}

/// Turns a change that would leave no administrator into an error.
fn left<T>(change: AdminChange<T>) -> Result<T, ApiError> {
    match change {
        AdminChange::Done(done) => Ok(done),
        AdminChange::NotFound => Err(ApiError::NotFound),
        AdminChange::LastAdmin => Err(ApiError::WrongState("At least one administrator must remain.")),
    }
}

async fn disable(gateway: &Gateway, admin: &Admin, id: UserId) -> Result<Model, ApiError> {
    let (user, ended) = left(account::disable(&gateway.db, id).await?)?;
    let waiting = job::cancel_all(&gateway.db, id, false).await?.cancelled;
    record(gateway, &admin.user, "user.disabled", Some(user.email.clone())).await?;
    sessions_ended(gateway, ended).await;
    publish_cancelled(gateway, waiting);
    Ok(user)
}

/// Changes the budgets that are given. Amounts in an earlier currency do not stay.
async fn change_budget(
    gateway: &Gateway,
    id: UserId,
    per_day: Option<Option<i64>>,
    per_month: Option<Option<i64>>,
) -> Result<(), ApiError> {
    let own = budget::of_user(&gateway.db, id).await?;
    let currency = budgets::currency(gateway).map(|currency| currency.code().to_owned());
    let (day, month) = own
        .filter(|own| Some(&own.currency) == currency.as_ref())
        .map_or((None, None), |own| (own.per_day, own.per_month));
    let changed = budget::Model {
        user_id: id,
        currency: currency.unwrap_or_default(),
        per_day: per_day.unwrap_or(day),
        per_month: per_month.unwrap_or(month),
    };
    Ok(budget::set(&gateway.db, changed).await?)
}

async fn with_jobs(gateway: &Gateway, rows: Vec<Model>) -> Result<Vec<AdminUser>, ApiError> {
    let ids: Vec<UserId> = rows.iter().map(|user| user.id).collect();
    let jobs = statistics::job_counts(&gateway.db, ids.clone()).await?;
    let mut own = budget::of_users(&gateway.db, ids).await?;
    let view = |user: Model| AdminUser {
        disabled: user.disabled_at.is_some(),
        jobs: jobs.get(&user.id).copied().unwrap_or(0),
        budget: own.remove(&user.id).map(UserBudget::from),
        user: user.into(),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// A rule as a sentence.
fn sentence(rule: &str) -> String {
    let mut letters = rule.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

fn role(text: &str) -> Rule<Role> {
    match text {
        "user" => Ok(Role::User),
        "admin" => Ok(Role::Admin),
        _ => Err(("unknown_value", "Must be user or admin.".into())),
    }
}
