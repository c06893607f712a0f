//! Reports of what attempts may have cost, by day, model, upstream and user. Deleted jobs are included.
//!
//! The cost of an attempt is certain once there is a video to pay for, and possible while it is unknown whether
//! the upstream charges for it. Attempts that certainly cost nothing are left out.

use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, FromQueryResult, Statement, Value};

use crate::UserId;

/// What the rows of a report are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// A row per UTC day.
    pub day: bool,
    /// A row per model.
    pub model: bool,
    /// A row per upstream.
    pub upstream: bool,
    /// A row per user.
    pub user: bool,
}

impl Groups {
    /// A row per day, model, upstream and user.
    pub const ALL: Self = Self { day: true, model: true, upstream: true, user: true };
}

/// Attempts with the same currency, and with what the report is grouped by.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Row {
    /// Days since 1970-01-01, UTC.
    pub day: Option<i64>,
    /// The model.
    pub model: Option<String>,
    /// Where the attempts were sent.
    pub upstream: Option<String>,
    /// The owner of their jobs, who may be deleted.
    pub user_id: Option<UserId>,
    /// The owner's email address, if the account exists.
    pub email: Option<String>,
    /// The currency of the amounts; `None` = the prices were not known.
    pub currency: Option<String>,
    /// Attempts with a video.
    pub certain: i64,
    /// What they cost, in minor units.
    pub certain_amount: i64,
    /// Attempts that may have cost money, without a video.
    pub possible: i64,
    /// What they may have cost, in minor units.
    pub possible_amount: i64,
}

/// Which attempts to report.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Sent at this time or later, epoch ms.
    pub from: i64,
    /// Sent before this time, epoch ms.
    pub to: i64,
    /// Of this user's jobs.
    pub user: Option<UserId>,
}

/// At most `limit` rows, the newest day first.
pub async fn report(db: &DatabaseConnection, filter: Filter, groups: Groups, limit: u64) -> Result<Vec<Row>, DbErr> {
    let backend = db.get_database_backend();
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        if backend == DbBackend::Postgres { format!("${}", values.len()) } else { "?".to_owned() }
    };
    let mut conditions = |attempt: &str, owner: &str| {
        let (from, to) = (bind(filter.from.into()), bind(filter.to.into()));
        let of_user = filter.user.map(|user| format!(" AND {owner}.user_id = {}", bind(user.into())));
        format!("{attempt}.sent_at >= {from} AND {attempt}.sent_at < {to}{}", of_user.unwrap_or_default())
    };
    let (of_jobs, of_deleted) = (conditions("a", "j"), conditions("c", "c"));
    let limit = bind(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let query = format!(
        "SELECT paid.day, paid.model, paid.upstream, paid.user_id, users.email, paid.currency, \
             {certain} AS certain, {certain_amount} AS certain_amount, \
             {possible} AS possible, {possible_amount} AS possible_amount \
         FROM (\
             SELECT {grouped_jobs}, a.cost, a.currency, a.result_url IS NOT NULL AS certain \
             FROM attempts a JOIN jobs j ON j.id = a.job_id WHERE a.may_have_been_charged AND {of_jobs} \
             UNION ALL \
             SELECT {grouped_deleted}, c.cost, c.currency, c.certain FROM charges c WHERE {of_deleted}\
         ) paid LEFT JOIN users ON users.id = paid.user_id \
         GROUP BY paid.day, paid.model, paid.upstream, paid.user_id, users.email, paid.currency \
         ORDER BY paid.day DESC, paid.model, paid.upstream, users.email, paid.user_id, paid.currency LIMIT {limit}",
        certain = sum("1", "paid.certain"),
        certain_amount = sum("paid.cost", "paid.certain"),
        possible = sum("1", "NOT paid.certain"),
        possible_amount = sum("paid.cost", "NOT paid.certain"),
        grouped_jobs = grouped(groups, "a", "j"),
        grouped_deleted = grouped(groups, "c", "c"),
    );
    Row::find_by_statement(Statement::from_sql_and_values(backend, query, values)).all(db).await
}

/// SQL: the columns that rows are grouped by; NULL for the others.
fn grouped(groups: Groups, attempt: &str, job: &str) -> String {
    let columns = [
        (groups.day, format!("{attempt}.sent_at / 86400000"), "BIGINT", "day"),
        (groups.model, format!("{job}.model"), "TEXT", "model"),
        (groups.upstream, format!("{attempt}.upstream"), "TEXT", "upstream"),
        (groups.user, format!("{job}.user_id"), "UUID", "user_id"),
    ];
    let columns =
        columns.map(
            |(is_grouped, column, kind, name)| {
                if is_grouped { format!("{column} AS {name}") } else { format!("CAST(NULL AS {kind}) AS {name}") }
            },
        );
    columns.join(", ")
}

fn sum(amount: &str, condition: &str) -> String {
    format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN {amount} END), 0) AS BIGINT)")
}
