//! Waiting for a condition instead of a length of time.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep, timeout};

const STEP: Duration = Duration::from_millis(50);

/// Asks until there is an answer.
///
/// # Errors
/// There was none within `patience`; names `what` was waited for.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        // A question can hang on what was frozen a moment ago.
        if let Ok(Some(answer)) = timeout(Duration::from_secs(6), ask()).await {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("waited {patience:?} in vain: {what}");
        }
        sleep(STEP).await;
    }
}
