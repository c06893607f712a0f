//! Latency samples and their percentiles.

use std::time::Duration;

/// Latency samples.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds a sample.
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Adds all samples of another set.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Number of samples.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Number of samples, median, 99th and 99.9th percentile, and maximum.
    pub(crate) fn summary(mut self) -> String {
        self.0.sort_unstable();
        let at = |share: f64| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let index = (self.0.len() as f64 * share) as usize;
            self.0.get(index.min(self.0.len().saturating_sub(1))).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        let (p50, p99, p999, max) = (at(0.5), at(0.99), at(0.999), at(1.0));
        format!("n {}  p50 {p50:.1} ms  p99 {p99:.1} ms  p99.9 {p999:.1} ms  max {max:.1} ms", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarises_unordered_samples() {
        let mut latencies = Latencies::default();
        (1..=1_000).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        assert_eq!(latencies.summary(), "n 1000  p50 501.0 ms  p99 991.0 ms  p99.9 1000.0 ms  max 1000.0 ms");
        assert_eq!(Latencies::default().summary(), "n 0  p50 0.0 ms  p99 0.0 ms  p99.9 0.0 ms  max 0.0 ms");
    }
}
