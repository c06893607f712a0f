//! Percentiles, as they are printed.

use std::time::Duration;

/// How long something took, many times.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    /// One more.
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// All of another's.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Number, median, 99th and 99.9th percentile, and the longest.
    pub(crate) fn line(mut self) -> String {
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
    fn orders_what_it_is_given() {
        let mut figures = Figures::default();
        (1..=1_000).rev().for_each(|ms| figures.add(Duration::from_millis(ms)));
        assert_eq!(figures.line(), "n 1000  p50 501.0 ms  p99 991.0 ms  p99.9 1000.0 ms  max 1000.0 ms");
        assert_eq!(Figures::default().line(), "n 0  p50 0.0 ms  p99 0.0 ms  p99.9 0.0 ms  max 0.0 ms");
    }
}
