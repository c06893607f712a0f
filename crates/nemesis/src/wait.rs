//! Waiting for a condition instead of a length of time.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Asks until there is an answer.
///
/// # Errors
/// There was none within `timeout`; names `what` was waited for.
pub(crate) async fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        // A question can hang on what was frozen a moment ago.
        if let Ok(Some(answer)) = tokio::time::timeout(Duration::from_secs(6), ask()).await {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("waited {timeout:?} in vain: {what}");
        }
        sleep(POLL_INTERVAL).await;
    }
}
