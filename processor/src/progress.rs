//! Decides which changes of a running job are committed and published: the first and every change of phase at once,
//! changes of the percentage at most every 250 ms. Pure: the caller passes the time.

use std::time::Duration;

use entity::job::Phase;
use sora::Event;
use tokio::time::Instant;

/// Minimum time between two changes of the percentage alone.
const MIN_INTERVAL: Duration = Duration::from_millis(250);

/// Percent between two lines in the log.
const LOG_STEP: i32 = 25;

/// Maximum percentage shown before the video is stored.
const MAX_PERCENT: i32 = 99;

/// A job's progress as reported by the upstream, as published, and as logged.
#[derive(Debug)]
pub(crate) struct Progress {
    current: (Phase, i32),
    published: (Phase, i32),
    published_at: Option<Instant>,
    /// The phase and the number of whole steps.
    logged: (Phase, i32),
}

impl Progress {
    /// The progress of a job that was just submitted.
    pub(crate) fn new() -> Self {
        let start = (Phase::Submitting, 0);
        Self { current: start, published: start, published_at: None, logged: start }
    }

    /// Applies an event from the upstream. Neither the phase nor the percentage ever goes back.
    pub(crate) fn observe(&mut self, event: &Event) {
        let (phase, percent) = match event {
            Event::Accepted(_) | Event::Queued => (Phase::Queued, 0),
            Event::Generating | Event::Candidate(_) => (Phase::Generating, 0),
            Event::Progress(percent) => (Phase::Generating, whole_percent(*percent)),
            Event::Finished => (Phase::Downloading, 0),
        };
        self.current = (self.current.0.max(phase), self.current.1.max(percent));
    }

    /// When the next change is to be published; `None` if there is no change.
    pub(crate) fn due(&self) -> Option<Instant> {
        let Some(published_at) = self.published_at else {
            return (self.current != self.published).then(Instant::now);
        };
        match (self.current.0 == self.published.0, self.current.1 == self.published.1) {
            (true, true) => None,
            (true, false) => Some(published_at + MIN_INTERVAL),
            (false, _) => Some(published_at),
        }
    }

    /// Takes the state to publish at `now`, and counts it as published.
    pub(crate) fn take(&mut self, now: Instant) -> (Phase, i32) {
        self.published = self.current;
        self.published_at = Some(now);
        self.published
    }

    /// Whether the state last published is worth a line in the log: another phase, or another step. Counts it as logged.
    pub(crate) fn should_log(&mut self) -> bool {
        let step = (self.published.0, self.published.1 / LOG_STEP);
        std::mem::replace(&mut self.logged, step) != step
    }
}

fn whole_percent(percent: f32) -> i32 {
    #[allow(clippy::cast_possible_truncation, reason = "the number is at most 100")]
    let whole = percent.floor() as i32;
    whole.clamp(0, MAX_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_the_first_change_and_phases_at_once_and_limits_the_rest() {
        let mut progress = Progress::new();
        assert_eq!(progress.due(), None);
        progress.observe(&Event::Queued);
        assert!(progress.due().is_some());
        let start = Instant::now();
        assert_eq!(progress.take(start), (Phase::Queued, 0));
        assert_eq!(progress.due(), None);

        progress.observe(&Event::Progress(12.7));
        assert_eq!(progress.due(), Some(start));
        assert_eq!(progress.take(start), (Phase::Generating, 12));

        progress.observe(&Event::Progress(13.0));
        progress.observe(&Event::Progress(14.9));
        assert_eq!(progress.due(), Some(start + MIN_INTERVAL));
        assert_eq!(progress.take(start + MIN_INTERVAL), (Phase::Generating, 14));
    }

    #[test]
    fn logs_phases_and_every_quarter() {
        let mut progress = Progress::new();
        let events =
            [Event::Queued, Event::Progress(1.0), Event::Progress(24.0), Event::Progress(26.0), Event::Progress(60.0)];
        let logged = events.map(|event| {
            progress.observe(&event);
            progress.take(Instant::now());
            progress.should_log()
        });
        assert_eq!(logged, [true, true, false, true, true]);
    }

    #[test]
    fn never_goes_back_and_never_shows_100_percent() {
        let mut progress = Progress::new();
        progress.observe(&Event::Progress(100.0));
        progress.observe(&Event::Progress(3.0));
        progress.observe(&Event::Queued);
        assert_eq!(progress.take(Instant::now()), (Phase::Generating, 99));
    }
}
