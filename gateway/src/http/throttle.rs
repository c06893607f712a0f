//! Rate limits: counted in Redis across all gateways, or in this process while Redis is unreachable.
//!
//! Reads are always counted in this process: they are cheap and frequent, and an exact count is not worth a round trip.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use bus::{Bus, Count};
use tokio::time::timeout;

use crate::error::ApiError;

/// Maximum number of counters in this process.
const MAX_COUNTERS: usize = 50_000;

/// Maximum time for Redis to count.
const REDIS_TIMEOUT: Duration = Duration::from_millis(200);

/// A limit on requests of a kind within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    /// Kind of request.
    pub(crate) name: &'static str,
    /// Maximum number of requests; 0 = unlimited.
    pub(crate) max: u32,
    /// Length of the window.
    pub(crate) window: Duration,
}

/// A client's usage of a limit, including the request just counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    limit: RateLimit,
    count: u64,
    left: Duration,
}

impl Usage {
    /// Whether the request exceeds the limit.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.count > u64::from(self.limit.max)
    }

    /// Rejects the request if it exceeds the limit.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`].
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        if self.is_exceeded() { Err(ApiError::RateLimited(self.resets_in())) } else { Ok(()) }
    }

    /// Returns the seconds until the window ends, at least 1.
    pub(crate) fn resets_in(&self) -> u64 {
        self.left.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u64
    }

    /// Returns the maximum number of requests in the window.
    pub(crate) fn max(&self) -> u32 {
        self.limit.max
    }

    /// Returns the number of requests that are left in the window.
    pub(crate) fn remaining(&self) -> u64 {
        u64::from(self.limit.max).saturating_sub(self.count)
    }

    /// Returns `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let RateLimit { name, max, window } = self.limit;
        let policy = format!("\"{name}\";q={max};w={}", window.as_secs());
        let state = format!("\"{name}\";r={};t={}", self.remaining(), self.resets_in());
        let named = [("ratelimit-policy", policy), ("ratelimit", state)];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?)))
    }
}

/// The counters of this process.
#[derive(Default)]
pub(crate) struct Throttle {
    /// Count and end of each client's window.
    windows: Mutex<HashMap<String, (u64, Instant)>>,
}

impl Throttle {
    /// Counts a request of `client` across all gateways. Returns `None` if there is no limit.
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

    /// Counts a request of `client` in this process. Returns `None` if there is no limit.
    pub(crate) fn count_locally(&self, limit: RateLimit, client: &str) -> Option<Usage> {
        if limit.max == 0 {
            return None;
        }
        let (count, left) = self.increment(format!("{}:{client}", limit.name), limit.window, Instant::now());
        Some(Usage { limit, count, left })
    }

    /// Resets the count of `client`.
    pub(crate) async fn reset(&self, bus: &Bus, limit: RateLimit, client: &str) {
        let key = format!("{}:{client}", limit.name);
        self.lock().remove(&key);
        if !matches!(timeout(REDIS_TIMEOUT, bus.reset_count(&key)).await, Ok(Ok(()))) {
            tracing::debug!(limit = limit.name, "could not reset a counter in Redis");
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

/// The usage that a request was counted against, for [`rate_limit_headers`].
#[derive(Clone, Default)]
pub(crate) struct RequestUsage(Arc<OnceLock<Usage>>);

impl RequestUsage {
    /// Records the usage; only the first call counts.
    pub(crate) fn record(&self, usage: Usage) {
        self.0.get_or_init(|| usage);
    }

    /// Returns the usage, once the request has been counted.
    pub(crate) fn get(&self) -> Option<Usage> {
        self.0.get().copied()
    }
}

/// Layer that adds the caller's usage to each response.
pub(crate) async fn rate_limit_headers(mut request: Request, next: Next) -> Response {
    let recorded = RequestUsage::default();
    request.extensions_mut().insert(recorded.clone());
    let mut response = next.run(request).await;
    response.headers_mut().extend(recorded.get().iter().flat_map(Usage::headers));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { name: "writes", max: 2, window: Duration::from_secs(60) };

    #[test]
    fn counts_each_client_separately_until_its_window_ends() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let count =
            |client: &str, after| throttle.increment(client.into(), LIMIT.window, now + Duration::from_secs(after));
        assert_eq!(count("a", 0), (1, Duration::from_secs(60)));
        assert_eq!(count("a", 59), (2, Duration::from_secs(1)));
        assert_eq!(count("b", 59).0, 1);
        assert_eq!(count("a", 60), (1, Duration::from_secs(60)));
    }

    #[test]
    fn formats_the_headers_of_the_draft_standard() {
        let usage = Usage { limit: LIMIT, count: 3, left: Duration::from_millis(1_001) };
        assert!(usage.is_exceeded());
        let headers: Vec<_> =
            usage.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(headers, ["ratelimit-policy: \"writes\";q=2;w=60", "ratelimit: \"writes\";r=0;t=2"]);
        assert!(!Usage { count: 2, ..usage }.is_exceeded());
    }
}
