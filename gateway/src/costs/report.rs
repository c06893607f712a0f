//! Reports of what was spent: `GET /api/usage` for an account, `GET /api/admin/costs` for administrators.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalogue::Currency;
use entity::cost::{self, Groups, Row};
use entity::{UserId, spending};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Admin, NO_STORE, Reader};
use crate::costs::csv;
use crate::costs::query::{CostQuery, Format, OfUser};
use crate::error::ApiError;
use crate::heavy_query::heavy_query;
use crate::http::query::Parameters;
use crate::state::Gateway;

/// Maximum number of rows of a report.
const MAX_ROWS: usize = 10_000;

/// Maximum number of rows of a CSV file.
const MAX_CSV_ROWS: usize = 100_000;

const DAY_MS: i64 = 86_400_000;

/// Attempts that may have cost money, of one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Costs {
    /// Code of ISO 4217; null for attempts whose price was not known.
    currency: Option<String>,
    /// Attempts with a video.
    certain_attempts: i64,
    /// What they cost, as a decimal number in the main unit; null if it is not known.
    certain_amount: Option<String>,
    /// Attempts without a video that may have cost money.
    possible_attempts: i64,
    /// What they may have cost, as a decimal number in the main unit; null if it is not known.
    possible_amount: Option<String>,
}

/// A row of a user's report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageRow {
    /// UTC day, if the rows are grouped by it.
    day: Option<String>,
    /// Model, if the rows are grouped by it.
    model: Option<String>,
    #[serde(flatten)]
    costs: Costs,
}

/// What a user has spent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// First UTC day.
    from: String,
    /// Last UTC day.
    to: String,
    /// The newest day first; at most 10,000.
    data: Vec<UsageRow>,
    /// Whether there are more rows; a CSV file has up to 100,000.
    truncated: bool,
    /// Of all days, by currency.
    totals: Vec<Costs>,
}

/// A row of the administrators' report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CostRow {
    /// UTC day, if the rows are grouped by it.
    day: Option<String>,
    /// Model, if the rows are grouped by it.
    model: Option<String>,
    /// Upstream, if the rows are grouped by it.
    upstream: Option<String>,
    /// The user, if the rows are grouped by it. The account may be deleted.
    user_id: Option<UserId>,
    /// Email address of the user; null if the account is deleted.
    email: Option<String>,
    #[serde(flatten)]
    costs: Costs,
}

/// What all users have spent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostReport {
    /// First UTC day.
    from: String,
    /// Last UTC day.
    to: String,
    /// The newest day first; at most 10,000.
    data: Vec<CostRow>,
    /// Whether there are more rows; a CSV file has up to 100,000.
    truncated: bool,
    /// Of all days, by currency.
    totals: Vec<Costs>,
}

impl From<&Row> for Costs {
    fn from(row: &Row) -> Self {
        let currency = row.currency.as_ref().and_then(|code| code.parse::<Currency>().ok());
        let amount = |minor_units| currency.map(|currency| currency.decimal(minor_units));
        Self {
            currency: row.currency.clone(),
            certain_attempts: row.certain,
            certain_amount: amount(row.certain_amount),
            possible_attempts: row.possible,
            possible_amount: amount(row.possible_amount),
        }
    }
}

impl Costs {
    /// The fields in their order, as text.
    fn fields(self) -> [String; 5] {
        [
            self.currency.unwrap_or_default(),
            self.certain_attempts.to_string(),
            self.certain_amount.unwrap_or_default(),
            self.possible_attempts.to_string(),
            self.possible_amount.unwrap_or_default(),
        ]
    }
}

/// Read what you have spent
///
/// Attempts of your jobs that may have cost money, by UTC day and model, deleted jobs included. A cost is certain once there
/// is a video; it is possible while nobody knows whether the upstream charges for the attempt.
#[utoipa::path(
    get, path = "/api/usage", operation_id = "readUsage", tag = "Account",
    security(("session" = []), ("cookie" = []), ("key" = ["read"])),
    params(CostQuery),
    responses((status = 200, description = "The report; with `format=csv`, a CSV file.", body = Usage)),
)]
pub(crate) async fn usage(
    State(gateway): State<Gateway>,
    caller: Reader,
    Parameters(query): Parameters<CostQuery>,
) -> Result<Response, ApiError> {
    let user = caller.user();
    // Which upstream was used is not the user's business, and neither are other users.
    let groups = Groups { upstream: false, user: false, ..query.groups() };
    let Report { rows, truncated, totals } = read(&gateway, user, &query, Some(user), groups).await?;
    let [from, to] = days(&query);
    let view = |row: &Row| UsageRow { day: row.day.map(day), model: row.model.clone(), costs: row.into() };
    if query.format == Format::Csv {
        let titles =
            ["day", "model", "currency", "certain_attempts", "certain_amount", "possible_attempts", "possible_amount"];
        let rows = rows.iter().map(view).map(|row| {
            let [a, b, c, d, e] = row.costs.fields();
            [row.day.unwrap_or_default(), row.model.unwrap_or_default(), a, b, c, d, e]
        });
        return Ok(csv::file(&format!("usage-{from}-{to}.csv"), titles, rows));
    }
    let data = rows.iter().map(view).collect();
    let totals = totals.iter().map(Costs::from).collect();
    Ok(([NO_STORE], Json(Usage { from, to, data, truncated, totals })).into_response())
}

/// Read what all users have spent
///
/// Attempts that may have cost money, by UTC day, model, upstream and user, deleted jobs and accounts included. A cost is
/// certain once there is a video; it is possible while nobody knows whether the upstream charges for the attempt.
#[utoipa::path(
    get, path = "/api/admin/costs", operation_id = "readCosts", tag = "Administration",
    security(("session" = []), ("cookie" = [])),
    params(CostQuery, OfUser),
    responses((status = 200, description = "The report; with `format=csv`, a CSV file.", body = CostReport)),
)]
pub(crate) async fn costs(
    State(gateway): State<Gateway>,
    admin: Admin,
    Parameters((query, OfUser { user })): Parameters<(CostQuery, OfUser)>,
) -> Result<Response, ApiError> {
    let Report { rows, truncated, totals } = read(&gateway, admin.user.id, &query, user, query.groups()).await?;
    let [from, to] = days(&query);
    let view = |row: &Row| CostRow {
        day: row.day.map(day),
        model: row.model.clone(),
        upstream: row.upstream.clone(),
        user_id: row.user_id,
        email: row.email.clone(),
        costs: row.into(),
    };
    if query.format == Format::Csv {
        let titles = [
            "day",
            "model",
            "upstream",
            "user_id",
            "email",
            "currency",
            "certain_attempts",
            "certain_amount",
            "possible_attempts",
            "possible_amount",
        ];
        let rows = rows.iter().map(view).map(|row| {
            let [a, b, c, d, e] = row.costs.fields();
            let user = row.user_id.map(|id| id.to_string()).unwrap_or_default();
            let text = Option::unwrap_or_default;
            [text(row.day), text(row.model), text(row.upstream), user, text(row.email), a, b, c, d, e]
        });
        return Ok(csv::file(&format!("costs-{from}-{to}.csv"), titles, rows));
    }
    let data = rows.iter().map(view).collect();
    let totals = totals.iter().map(Costs::from).collect();
    Ok(([NO_STORE], Json(CostReport { from, to, data, truncated, totals })).into_response())
}

struct Report {
    rows: Vec<Row>,
    /// Whether there are more rows.
    truncated: bool,
    /// Of all rows, by currency.
    totals: Vec<Row>,
}

/// Reads a report. A file that would be cut off is rejected: nobody would see it.
async fn read(
    gateway: &Gateway,
    caller: UserId,
    query: &CostQuery,
    user: Option<UserId>,
    groups: Groups,
) -> Result<Report, ApiError> {
    let max = if query.format == Format::Csv { MAX_CSV_ROWS } else { MAX_ROWS };
    let filter = query.filter(user);
    let report = move |db| async move {
        let rows = cost::report(&db, filter, groups, max as u64 + 1).await?;
        Ok((rows, cost::report(&db, filter, Groups::default(), MAX_ROWS as u64).await?))
    };
    let (mut rows, totals) = heavy_query(gateway, caller, report).await?;
    let truncated = rows.len() > max;
    if truncated && query.format == Format::Csv {
        let rule = format!("Choose fewer days or groups: a file has at most {max} rows.");
        return Err(ApiError::invalid_field("from", "too_many", rule));
    }
    rows.truncate(max);
    Ok(Report { rows, truncated, totals })
}

fn days(query: &CostQuery) -> [String; 2] {
    let (first, last) = query.days();
    [first, last].map(day)
}

/// The UTC day of this number since 1970-01-01.
fn day(number: i64) -> String {
    spending::day_of(number.saturating_mul(DAY_MS))
}
