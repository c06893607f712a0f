//! Which changes of a running job are committed and published: the first at once, then at most one every 250 ms; a change of
//! phase at once. Pure: time is given.

use std::time::Duration;

use entity::job::Phase;
use sora::Event;
use tokio::time::Instant;

/// The least time between two changes that differ only in their number.
const MIN_INTERVAL: Duration = Duration::from_millis(250);

/// A step of the way, in percent, that the log hears of.
const LOG_STEP: i32 = 25;

/// Most that is shown before the file is stored.
const MAX_PERCENT: i32 = 99;

/// What is current of a job, and what of it has been published.
#[derive(Debug)]
pub(crate) struct Progress {
    current: (Phase, i32),
    published: (Phase, i32),
    published_at: Option<Instant>,
    /// What the log has heard of it.
    logged: (Phase, i32),
}

impl Progress {
    /// Of a job that has just been submitted.
    pub(crate) fn new() -> Self {
        let begun = (Phase::Submitting, 0);
        Self { current: begun, published: begun, published_at: None, logged: begun }
    }

    /// Takes in what the upstream has shown. Neither phase nor number goes back.
    pub(crate) fn observe(&mut self, event: &Event) {
        let (phase, percent) = match event {
            Event::Accepted(_) | Event::Queued => (Phase::Queued, 0),
            Event::Generating | Event::Candidate(_) => (Phase::Generating, 0),
            Event::Progress(percent) => (Phase::Generating, whole_percent(*percent)),
            Event::Finished => (Phase::Downloading, 0),
        };
        self.current = (self.current.0.max(phase), self.current.1.max(percent));
    }

    /// When the next change is to be told; `None` while there is none.
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

    /// What to tell at `now`; it counts as published.
    pub(crate) fn take(&mut self, now: Instant) -> (Phase, i32) {
        self.published = self.current;
        self.published_at = Some(now);
        self.published
    }

    /// Whether what was told last is worth a line in the log: another phase, or a quarter of the way. Then it has heard.
    pub(crate) fn should_log(&mut self) -> bool {
        let quarter = (self.published.0, self.published.1 / LOG_STEP);
        std::mem::replace(&mut self.logged, quarter) != quarter
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
    fn tells_the_first_change_and_each_phase_at_once_and_numbers_at_a_pace() {
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
    fn the_log_hears_of_phases_and_quarters() {
        let mut progress = Progress::new();
        let shown =
            [Event::Queued, Event::Progress(1.0), Event::Progress(24.0), Event::Progress(26.0), Event::Progress(60.0)];
        let news = shown.map(|event| {
            progress.observe(&event);
            progress.take(Instant::now());
            progress.should_log()
        });
        assert_eq!(news, [true, true, false, true, true]);
    }

    #[test]
    fn never_goes_back_and_never_says_100() {
        let mut progress = Progress::new();
        progress.observe(&Event::Progress(100.0));
        progress.observe(&Event::Progress(3.0));
        progress.observe(&Event::Queued);
        assert_eq!(progress.take(Instant::now()), (Phase::Generating, 99));
    }
}
