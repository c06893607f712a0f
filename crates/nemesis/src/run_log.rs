//! What happened in a run, by the clock that the database uses too.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Epoch milliseconds.
pub(crate) fn now() -> i64 {
    entity::clock::millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The run's own log, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct RunLog(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    all: Vec<(i64, String)>,
    violations: Vec<String>,
}

impl RunLog {
    /// Notes an event.
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.lines().all.push((now(), line.into()));
    }

    /// Notes a violation: the run has failed.
    pub(crate) fn violation(&self, line: impl Into<String>) {
        let line = line.into();
        self.note(format!("WRONG: {line}"));
        self.lines().violations.push(line);
    }

    /// What is wrong.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.lines().violations.clone()
    }

    /// Writes everything to a file, with times as the platform's logs have them.
    pub(crate) fn write(&self, file: &Path) -> std::io::Result<()> {
        let line = |(at, line): &(i64, String)| format!("{} {line}\n", entity::clock::rfc3339(*at));
        std::fs::write(file, self.lines().all.iter().map(line).collect::<String>())
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
