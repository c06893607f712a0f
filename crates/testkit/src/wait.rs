//! Waiting for a condition instead of a length of time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(20);

/// Asks until there is an answer; panics with `what` when none came for a minute.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(STEP).await;
    }
}
