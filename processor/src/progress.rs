//! Which changes of a running job are committed and told: the first at once, then at most one every 250 ms; a change of
//! phase at once. Pure: time is given.

use std::time::Duration;

use entity::job::Phase;
use sora::Event;
use tokio::time::Instant;

/// The least time between two changes that differ only in their number.
const PACE: Duration = Duration::from_millis(250);

/// A step of the way, in percent, that the log hears of.
const QUARTER: i32 = 25;

/// Most that is shown before the file is stored.
const MOST: i32 = 99;

/// What is known of a job, and what of it has been told.
#[derive(Debug)]
pub(crate) struct Progress {
    known: (Phase, i32),
    told: (Phase, i32),
    told_at: Option<Instant>,
    /// What the log has heard of it.
    logged: (Phase, i32),
}

impl Progress {
    /// Of a job that has just been submitted.
    pub(crate) fn new() -> Self {
        let begun = (Phase::Submitting, 0);
        Self { known: begun, told: begun, told_at: None, logged: begun }
    }

    /// Takes in what the upstream has shown. Neither phase nor number goes back.
    pub(crate) fn learn(&mut self, event: &Event) {
        let (phase, percent) = match event {
            Event::Accepted(_) | Event::Queued => (Phase::Queued, 0),
            Event::Generating => (Phase::Generating, 0),
            Event::Progress(percent) => (Phase::Generating, whole(*percent)),
            Event::Result(_) => (Phase::Downloading, 0),
        };
        self.known = (self.known.0.max(phase), self.known.1.max(percent));
    }

    /// When the next change is to be told; `None` while there is none.
    pub(crate) fn due(&self) -> Option<Instant> {
        let Some(told_at) = self.told_at else {
            return (self.known != self.told).then(Instant::now);
        };
        match (self.known.0 == self.told.0, self.known.1 == self.told.1) {
            (true, true) => None,
            (true, false) => Some(told_at + PACE),
            (false, _) => Some(told_at),
        }
    }

    /// What to tell at `now`; it counts as told.
    pub(crate) fn tell(&mut self, now: Instant) -> (Phase, i32) {
        self.told = self.known;
        self.told_at = Some(now);
        self.told
    }

    /// Whether what was told last is worth a line in the log: another phase, or a quarter of the way. Then it has heard.
    pub(crate) fn is_news(&mut self) -> bool {
        let quarter = (self.told.0, self.told.1 / QUARTER);
        std::mem::replace(&mut self.logged, quarter) != quarter
    }
}

fn whole(percent: f32) -> i32 {
    #[allow(clippy::cast_possible_truncation, reason = "the number is at most 100")]
    let whole = percent.floor() as i32;
    whole.clamp(0, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_first_change_and_each_phase_at_once_and_numbers_at_a_pace() {
        let mut progress = Progress::new();
        assert_eq!(progress.due(), None);
        progress.learn(&Event::Queued);
        assert!(progress.due().is_some());
        let start = Instant::now();
        assert_eq!(progress.tell(start), (Phase::Queued, 0));
        assert_eq!(progress.due(), None);

        progress.learn(&Event::Progress(12.7));
        assert_eq!(progress.due(), Some(start));
        assert_eq!(progress.tell(start), (Phase::Generating, 12));

        progress.learn(&Event::Progress(13.0));
        progress.learn(&Event::Progress(14.9));
        assert_eq!(progress.due(), Some(start + PACE));
        assert_eq!(progress.tell(start + PACE), (Phase::Generating, 14));
    }

    #[test]
    fn the_log_hears_of_phases_and_quarters() {
        let mut progress = Progress::new();
        let shown =
            [Event::Queued, Event::Progress(1.0), Event::Progress(24.0), Event::Progress(26.0), Event::Progress(60.0)];
        let news = shown.map(|event| {
            progress.learn(&event);
            progress.tell(Instant::now());
            progress.is_news()
        });
        assert_eq!(news, [true, true, false, true, true]);
    }

    #[test]
    fn never_goes_back_and_never_says_100() {
        let mut progress = Progress::new();
        progress.learn(&Event::Progress(100.0));
        progress.learn(&Event::Progress(3.0));
        progress.learn(&Event::Queued);
        assert_eq!(progress.tell(Instant::now()), (Phase::Generating, 99));
    }
}
