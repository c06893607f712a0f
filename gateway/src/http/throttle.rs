//! How much somebody may do within a window: counted in Redis for all gateways together, and here alone while Redis is
//! away.
//!
//! Reads are always counted here alone: they are cheap to serve and come every other second, and a round trip for each
//! would cost more than an exact count is worth.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bus::{Bus, Count};
use tokio::time::timeout;

/// Most counters kept here.
const MAX_COUNTERS: usize = 50_000;

/// How long Redis may take to count.
const REDIS_TIMEOUT: Duration = Duration::from_millis(200);

/// So much of something within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    /// What is counted.
    pub(crate) name: &'static str,
    /// How much; 0 = without a limit.
    pub(crate) max: u32,
    /// Within how long.
    pub(crate) window: Duration,
}

/// How a limit stands after something was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    limit: RateLimit,
    count: u64,
    left: Duration,
}

impl Usage {
    /// Whether this was too much.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.count > u64::from(self.limit.max)
    }

    /// Seconds until the window ends, at least one.
    pub(crate) fn resets_in(&self) -> u64 {
        self.left.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u64
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let RateLimit { name, max, window } = self.limit;
        let remaining = u64::from(max).saturating_sub(self.count);
        let policy = format!("\"{name}\";q={max};w={}", window.as_secs());
        let state = format!("\"{name}\";r={remaining};t={}", self.resets_in());
        let named = [("ratelimit-policy", policy), ("ratelimit", state)];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?)))
    }
}

/// Counts.
#[derive(Default)]
pub(crate) struct Throttle {
    /// Count and end of each window.
    windows: Mutex<HashMap<String, (u64, Instant)>>,
}

impl Throttle {
    /// Counts one for `who`, with all gateways. `None`: there is no limit.
    pub(crate) async fn count(&self, bus: &Bus, limit: RateLimit, client: &str) -> Option<Usage> {
        if limit.max == 0 {
            return None;
        }
        let key = format!("{}:{client}", limit.name);
        match timeout(REDIS_TIMEOUT, bus.count(&key, limit.window)).await {
            Ok(Ok(Count { count, left })) => Some(Usage { limit, count, left }),
            _ => self.count_locally(limit, client),
        }
    }

    /// Counts one for `who`, here alone. `None`: there is no limit.
    pub(crate) fn count_locally(&self, limit: RateLimit, client: &str) -> Option<Usage> {
        if limit.max == 0 {
            return None;
        }
        let (count, left) = self.increment(format!("{}:{client}", limit.name), limit.window, Instant::now());
        Some(Usage { limit, count, left })
    }

    /// Forgets what was counted for `who`.
    pub(crate) async fn reset(&self, bus: &Bus, limit: RateLimit, client: &str) {
        let key = format!("{}:{client}", limit.name);
        self.lock().remove(&key);
        if !matches!(timeout(REDIS_TIMEOUT, bus.reset_count(&key)).await, Ok(Ok(()))) {
            tracing::debug!(limit = limit.name, "a counter was not forgotten");
        }
    }

    fn increment(&self, key: String, window: Duration, now: Instant) -> (u64, Duration) {
        let mut windows = self.lock();
        if windows.len() >= MAX_COUNTERS {
            windows.retain(|_, (_, end)| *end > now);
        }
        if windows.len() >= MAX_COUNTERS && !windows.contains_key(&key) {
            return (1, window);
        }
        let (count, end) = windows.entry(key).or_insert((0, now + window));
        if *end <= now {
            (*count, *end) = (0, now + window);
        }
        *count += 1;
        (*count, *end - now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, Instant)>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request has spent, for [`rate_limit_headers`] to tell.
#[derive(Clone, Default)]
pub(crate) struct RequestUsage(Arc<OnceLock<Usage>>);

impl RequestUsage {
    /// Notes it; the first counts.
    pub(crate) fn record(&self, usage: Usage) {
        self.0.get_or_init(|| usage);
    }
}

/// A layer: tells on each response how the caller's limit stands.
pub(crate) async fn rate_limit_headers(mut request: Request, next: Next) -> Response {
    let recorded = RequestUsage::default();
    request.extensions_mut().insert(recorded.clone());
    let mut response = next.run(request).await;
    response.headers_mut().extend(recorded.0.get().iter().flat_map(|usage| usage.headers()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { name: "writes", max: 2, window: Duration::from_secs(60) };

    #[test]
    fn counts_each_client_for_itself_until_the_window_ends() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let count =
            |client: &str, after| throttle.increment(client.into(), LIMIT.window, now + Duration::from_secs(after));
        assert_eq!(count("a", 0), (1, Duration::from_secs(60)));
        assert_eq!(count("a", 59), (2, Duration::from_secs(1)));
        assert_eq!(count("b", 59).0, 1);
        assert_eq!(count("a", 60), (1, Duration::from_secs(60)));
    }

    #[test]
    fn tells_in_the_words_of_the_standard() {
        let usage = Usage { limit: LIMIT, count: 3, left: Duration::from_millis(1_001) };
        assert!(usage.is_exceeded());
        let headers: Vec<_> =
            usage.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(headers, ["ratelimit-policy: \"writes\";q=2;w=60", "ratelimit: \"writes\";r=0;t=2"]);
        assert!(!Usage { count: 2, ..usage }.is_exceeded());
    }
}
