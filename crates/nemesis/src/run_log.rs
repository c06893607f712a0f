//! The log of a run, in the same clock as the database.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The current time, epoch ms.
pub(crate) fn now() -> i64 {
    entity::clock::millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The log and the violations found.
#[derive(Debug, Default)]
pub(crate) struct RunLog(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    all: Vec<(i64, String)>,
    violations: Vec<String>,
}

impl RunLog {
    /// Logs an event.
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.lines().all.push((now(), line.into()));
    }

    /// Logs a violation, which fails the run.
    pub(crate) fn violation(&self, line: impl Into<String>) {
        let line = line.into();
        self.note(format!("VIOLATION: {line}"));
        self.lines().violations.push(line);
    }

    /// All violations.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.lines().violations.clone()
    }

    /// Writes the log to a file, with timestamps in the format of the platform's logs.
    pub(crate) fn write(&self, file: &Path) -> std::io::Result<()> {
        let line = |(at, line): &(i64, String)| format!("{} {line}\n", entity::clock::rfc3339(*at));
        std::fs::write(file, self.lines().all.iter().map(line).collect::<String>())
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
