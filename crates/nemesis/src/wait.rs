//! Waits for a condition.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Polls `ask` until it returns a value.
///
/// # Errors
/// `timeout` has passed; the error names `what` was awaited.
pub(crate) async fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        // A call can hang on a process that was just frozen.
        if let Ok(Some(answer)) = tokio::time::timeout(Duration::from_secs(6), ask()).await {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("timed out after {timeout:?}: {what}");
        }
        sleep(POLL_INTERVAL).await;
    }
}
