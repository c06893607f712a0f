//! Times. Due times are compared by the database's clock only, never by the clocks of processes. Nothing that costs money or
//! a job depends on any clock being right: see [`worker`](crate::worker) and [`promote_due`](crate::job::promote_due).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// SQL: the current time in epoch milliseconds. On PostgreSQL it advances within a transaction too.
#[must_use]
pub fn now(backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
        _ => Expr::cust("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
    }
}

/// SQL: the time `delay` from now, in epoch milliseconds.
#[must_use]
pub fn after(backend: DbBackend, delay: Duration) -> Expr {
    now(backend).add(millis(delay))
}

/// The current time by the database's clock, in epoch milliseconds.
pub async fn database_ms<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let select = Query::select().expr(now(db.get_database_backend())).take();
    let row = db.query_one(&select).await?.ok_or_else(|| DbErr::RecordNotFound("the time".into()))?;
    row.try_get_by_index(0)
}

/// The current time by this process's clock, in epoch milliseconds: for columns that are only displayed (`created_at`).
#[must_use]
pub fn system_ms() -> i64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A minute before [`system_ms`]: times that are recorded at most once a minute are updated once they are older.
#[must_use]
pub fn minute_ago() -> i64 {
    system_ms() - 60_000
}

/// The duration in milliseconds, at most `i64::MAX`.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Parses an RFC 3339 time into epoch milliseconds.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp_millis())
}

/// Formats epoch milliseconds as the API does: RFC 3339, UTC, with milliseconds.
#[must_use]
pub fn rfc3339(epoch_ms: i64) -> String {
    DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
