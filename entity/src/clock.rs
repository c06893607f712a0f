//! The database's clock. Leases and due times are judged by it alone, never by the clocks of the processes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait};

/// SQL: this instant in epoch milliseconds. On PostgreSQL it moves on inside a transaction too.
#[must_use]
pub fn now(backend: DbBackend) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
        _ => Expr::cust("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
    }
}

/// SQL: the instant `delay` from now, in epoch milliseconds.
#[must_use]
pub fn after(backend: DbBackend, delay: Duration) -> Expr {
    now(backend).add(millis(delay))
}

/// This process's own idea of the time in epoch milliseconds: for records that nobody compares (`created_at`).
#[must_use]
pub fn system_ms() -> i64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A minute before [`system_ms`]: what is noted at most once a minute is noted again when it is older.
#[must_use]
pub fn minute_ago() -> i64 {
    system_ms() - 60_000
}

/// A duration in milliseconds, at most `i64::MAX`.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Epoch milliseconds of an instant in RFC 3339.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp_millis())
}

/// Epoch milliseconds as the API writes instants: RFC 3339, UTC, to the millisecond.
#[must_use]
pub fn rfc3339(epoch_ms: i64) -> String {
    DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
