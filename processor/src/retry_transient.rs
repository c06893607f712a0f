//! Retries database statements that must not be lost.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use entity::DbErr;
use entity::database::is_transient;

/// The first pause between tries; it doubles up to the maximum.
const MIN_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Retries `statement` for as long as the database is unavailable. Callers drop the future when the job is no longer
/// theirs.
///
/// # Errors
/// The database rejects the statement, so a retry would not help.
pub(crate) async fn retry_transient<T, Statement>(what: &str, statement: impl FnMut() -> Statement) -> Result<T, DbErr>
where
    Statement: Future<Output = Result<T, DbErr>>,
{
    let pauses = ExponentialBuilder::new().with_min_delay(MIN_PAUSE).with_max_delay(MAX_PAUSE).without_max_times();
    statement
        .retry(pauses)
        .when(is_transient)
        .notify(|error, _| tracing::warn!(%error, what, "database unavailable; retrying"))
        .await
}
