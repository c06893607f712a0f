//! Writing facts that must not be lost: repeated until the database takes them.

use std::time::Duration;

use entity::DbErr;
use entity::database::is_transient;
use tokio::time::sleep;

const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Repeats `write` while the database is away. Ends early only by being dropped: when the job is no longer ours.
///
/// # Errors
/// The database refuses the statement itself; repeating it would be of no use.
pub(crate) async fn retry_transient<T, Write>(what: &str, write: impl Fn() -> Write) -> Result<T, DbErr>
where
    Write: Future<Output = Result<T, DbErr>>,
{
    let mut pause = Duration::from_millis(100);
    loop {
        match write().await {
            Err(error) if is_transient(&error) => {
                tracing::warn!(%error, what, "the database is away; trying again");
            }
            other => return other,
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
