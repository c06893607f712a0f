//! How long jobs waited after their processor was killed or frozen, measured by commit times.

use crate::history::{History, State};
use crate::inject::Outage;

/// Times in milliseconds, one for each job that such a processor held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recovery {
    /// Until the next change of the job's row.
    pub(crate) changed: Vec<i64>,
    /// Until a worker claimed the job again, or it ended.
    pub(crate) resumed: Vec<i64>,
}

impl Recovery {
    /// Measures a run.
    pub(crate) fn measure(history: &History, silences: &[Outage]) -> Self {
        let mut recovery = Self::default();
        for silence in silences {
            for states in history.jobs.values() {
                recovery.add(history, silence, states);
            }
        }
        recovery
    }

    /// Adds the times of another run.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.changed.extend(&other.changed);
        self.resumed.extend(&other.resumed);
    }

    fn add(&mut self, history: &History, silence: &Outage, states: &[State]) {
        let next = states.partition_point(|state| state.at <= silence.from);
        let Some(worker) = states[..next].last().and_then(|claimed| claimed.worker) else { return };
        if history.hosts.get(&worker) != Some(&silence.host) {
            return;
        }
        let later = &states[next..];
        let since = |state: &State| {
            // If the frozen processor resumed first, the wait counts from there.
            let woken = silence.to.filter(|to| *to <= state.at);
            state.at - woken.unwrap_or(silence.from)
        };
        self.changed.extend(later.first().map(since));
        let resumed = later.iter().find(|state| state.is_terminal() || state.worker.is_some());
        self.resumed.extend(resumed.map(since));
    }
}

/// The nearest-rank percentile, formatted in seconds.
pub(crate) fn percentile(times: &[i64], percent: usize) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).map_or_else(|| "–".into(), |ms| format!("{}.{:02}", ms / 1_000, ms % 1_000 / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let times: Vec<i64> = (1..=100).map(|n| n * 100).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 99)), ("5.00".into(), "9.90".into()));
        assert_eq!(percentile(&[], 50), "–");
        assert_eq!(percentile(&[2_345], 99), "2.34");
    }
}
