//! `Prefer: wait=SECONDS` (RFC 7240): how long a client wants a response to wait for its jobs to end.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Maximum time that a response waits. Proxies must wait longer for a response.
const MAX_WAIT: u64 = 60;

/// Returns how long the client prefers to wait, up to the maximum; `None` if it does not.
pub(crate) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split(',')).filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    });
    let seconds: u64 = preferences.next()?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds.min(MAX_WAIT)))
}

/// Returns the header that says that a response has waited.
pub(crate) fn applied(wait: Duration) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(&format!("wait={}", wait.as_secs())).ok()?;
    Some((HeaderName::from_static("preference-applied"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_preferred_time_up_to_the_maximum() {
        let wait = |text: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static("prefer"), HeaderValue::from_static(text))]);
            wait(&headers).map(|wait| wait.as_secs())
        };
        for (text, seconds) in [("wait=10", 10), ("respond-async, Wait = \"7\"; x", 7), ("wait=3600", 60)] {
            assert_eq!(wait(text), Some(seconds), "{text}");
        }
        for text in ["", "wait", "wait=0", "wait=-1", "wait=soon", "handling=strict", "waiter=5"] {
            assert_eq!(wait(text), None, "{text}");
        }
        assert_eq!(applied(Duration::from_secs(5)).unwrap().1, "wait=5");
    }
}
