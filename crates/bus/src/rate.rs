//! Rate counters, shared by all gateways.

use std::time::Duration;

use entity::clock::millis;

use crate::{Bus, Error};

/// The state of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Events within the window, including the one just counted.
    pub count: u64,
    /// Time until the window ends.
    pub left: Duration,
}

impl Bus {
    /// Counts an event under `name`. The window starts with the first event.
    pub async fn count(&self, name: &str, window: Duration) -> Result<Count, Error> {
        let key = self.keys.rate(name);
        let window = millis(window);
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("SET").arg(&key).arg(0).arg("NX").arg("PX").arg(window).ignore();
        pipe.incr(&key, 1).pttl(&key);
        let (count, mut left): (i64, i64) = self.send_unrepeatable(&pipe).await?;
        if !(0..=window).contains(&left) {
            // The server's clock was set back, and would keep the window open for as long.
            self.send::<()>(redis::cmd("PEXPIRE").arg(&key).arg(window)).await?;
            left = window;
        }
        let positive = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Count { count: positive(count), left: Duration::from_millis(positive(left)) })
    }

    /// Resets the counter `name` to zero.
    pub async fn reset_count(&self, name: &str) -> Result<(), Error> {
        self.send(redis::cmd("DEL").arg(self.keys.rate(name))).await
    }
}
