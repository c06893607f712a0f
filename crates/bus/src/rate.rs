//! Counters with an end: how often something happened within a window, over all gateways.

use std::time::Duration;

use crate::{Bus, Error};

/// How often something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Within the window, this time included.
    pub count: u64,
    /// Until the window ends.
    pub left: Duration,
}

impl Bus {
    /// Counts one more `what`. The window begins with the first.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn count(&self, what: &str, window: Duration) -> Result<Count, Error> {
        let key = self.keys.rate(what);
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("SET").arg(&key).arg(0).arg("NX").arg("PX").arg(window).ignore();
        pipe.incr(&key, 1).pttl(&key);
        let (count, left): (i64, i64) = pipe.query_async(&mut self.connection().await?).await?;
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(window));
        Ok(Count { count: u64::try_from(count).unwrap_or(0), left })
    }

    /// Forgets what was counted of `what`.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn reset_count(&self, what: &str) -> Result<(), Error> {
        let key = self.keys.rate(what);
        Ok(redis::cmd("DEL").arg(key).query_async(&mut self.connection().await?).await?)
    }
}
