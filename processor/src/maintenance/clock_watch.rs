//! Notices when the database's clock is set back, by comparing it with this process's monotonic clock. Pure.

use std::time::Duration;

use entity::clock::millis;
use tokio::time::Instant;

/// Clocks that are adjusted gradually may differ by this much between two looks.
const TOLERANCE: Duration = Duration::from_secs(2);

/// The database's clock as it was last seen.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    last: Option<(i64, Instant)>,
}

impl ClockWatch {
    /// Takes in the database's time (epoch ms), which it told between `asked` and `answered`. Returns whether its clock was
    /// set back since the last look.
    pub(crate) fn was_set_back(&mut self, now: i64, asked: Instant, answered: Instant) -> bool {
        let Some((before, last)) = self.last.replace((now, answered)) else { return false };
        let passed = millis(asked.saturating_duration_since(last));
        now < before + passed - millis(TOLERANCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn notices_a_clock_that_was_set_back_and_no_other_change() {
        let (mut clock, start) = (ClockWatch::default(), Instant::now());
        let look = |clock: &mut ClockWatch, now, second: u32| {
            let at = start + SECOND * second;
            clock.was_set_back(now, at, at)
        };
        assert!(!look(&mut clock, 100_000, 0));
        assert!(!look(&mut clock, 101_000, 1));
        assert!(!look(&mut clock, 28_800_000, 2), "set forward");
        assert!(!look(&mut clock, 28_800_000, 3), "adjusted gradually");
        assert!(look(&mut clock, 28_795_000, 4));
        assert!(look(&mut clock, 28_795_000, 10), "set back by a few seconds within a long pause");
        assert!(!look(&mut clock, 28_796_000, 11));
    }

    #[test]
    fn a_slow_answer_is_no_change() {
        let (mut clock, start) = (ClockWatch::default(), Instant::now());
        assert!(!clock.was_set_back(100_000, start, start + SECOND * 30));
        assert!(!clock.was_set_back(101_000, start + SECOND * 31, start + SECOND * 31));
        assert!(!clock.was_set_back(102_000, start + SECOND * 32, start + SECOND * 60));
    }
}
