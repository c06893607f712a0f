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
const CAPACITY: usize = 50_000;

/// How long Redis may take to count.
const PATIENCE: Duration = Duration::from_millis(200);

/// So much of something within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// What is counted.
    pub(crate) name: &'static str,
    /// How much; 0 = without a limit.
    pub(crate) quota: u32,
    /// Within how long.
    pub(crate) window: Duration,
}

/// How a budget stands after something was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    budget: Budget,
    count: u64,
    left: Duration,
}

impl Standing {
    /// Whether this was too much.
    pub(crate) fn is_over(&self) -> bool {
        self.count > u64::from(self.budget.quota)
    }

    /// Seconds until the window ends, at least one.
    pub(crate) fn resets_in(&self) -> u64 {
        self.left.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u64
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let Budget { name, quota, window } = self.budget;
        let remaining = u64::from(quota).saturating_sub(self.count);
        let policy = format!("\"{name}\";q={quota};w={}", window.as_secs());
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
    pub(crate) async fn spend(&self, bus: &Bus, budget: Budget, who: &str) -> Option<Standing> {
        if budget.quota == 0 {
            return None;
        }
        let what = format!("{}:{who}", budget.name);
        match timeout(PATIENCE, bus.count(&what, budget.window)).await {
            Ok(Ok(Count { count, left })) => Some(Standing { budget, count, left }),
            _ => self.spend_here(budget, who),
        }
    }

    /// Counts one for `who`, here alone. `None`: there is no limit.
    pub(crate) fn spend_here(&self, budget: Budget, who: &str) -> Option<Standing> {
        if budget.quota == 0 {
            return None;
        }
        let (count, left) = self.count(format!("{}:{who}", budget.name), budget.window, Instant::now());
        Some(Standing { budget, count, left })
    }

    /// Forgets what was counted for `who`.
    pub(crate) async fn forget(&self, bus: &Bus, budget: Budget, who: &str) {
        let what = format!("{}:{who}", budget.name);
        self.lock().remove(&what);
        if !matches!(timeout(PATIENCE, bus.forget_count(&what)).await, Ok(Ok(()))) {
            tracing::debug!(budget = budget.name, "a counter was not forgotten");
        }
    }

    fn count(&self, what: String, window: Duration, now: Instant) -> (u64, Duration) {
        let mut windows = self.lock();
        if windows.len() >= CAPACITY {
            windows.retain(|_, (_, end)| *end > now);
        }
        if windows.len() >= CAPACITY && !windows.contains_key(&what) {
            return (1, window);
        }
        let (count, end) = windows.entry(what).or_insert((0, now + window));
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

/// What a request has spent, for [`announced`] to tell.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<OnceLock<Standing>>);

impl Meter {
    /// Notes it; the first counts.
    pub(crate) fn note(&self, standing: Standing) {
        self.0.get_or_init(|| standing);
    }
}

/// A layer: tells on each response how the caller's budget stands.
pub(crate) async fn announced(mut request: Request, next: Next) -> Response {
    let meter = Meter::default();
    request.extensions_mut().insert(meter.clone());
    let mut response = next.run(request).await;
    response.headers_mut().extend(meter.0.get().iter().flat_map(|standing| standing.headers()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { name: "writes", quota: 2, window: Duration::from_secs(60) };

    #[test]
    fn counts_each_client_for_itself_until_the_window_ends() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let count = |who: &str, after| throttle.count(who.into(), BUDGET.window, now + Duration::from_secs(after));
        assert_eq!(count("a", 0), (1, Duration::from_secs(60)));
        assert_eq!(count("a", 59), (2, Duration::from_secs(1)));
        assert_eq!(count("b", 59).0, 1);
        assert_eq!(count("a", 60), (1, Duration::from_secs(60)));
    }

    #[test]
    fn tells_in_the_words_of_the_standard() {
        let standing = Standing { budget: BUDGET, count: 3, left: Duration::from_millis(1_001) };
        assert!(standing.is_over());
        let headers: Vec<_> =
            standing.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(headers, ["ratelimit-policy: \"writes\";q=2;w=60", "ratelimit: \"writes\";r=0;t=2"]);
        assert!(!Standing { count: 2, ..standing }.is_over());
    }
}
