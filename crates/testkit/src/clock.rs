//! A wall clock that a test can set while processes run under it. Their monotonic clocks go on undisturbed, as they do when
//! a machine's clock is corrected or the machine wakes up from sleep.

use std::path::PathBuf;

use tempfile::TempDir;

/// The wall clock of the processes that are started with its [`variables`](Self::variables).
pub struct SteppedClock {
    library: String,
    folder: TempDir,
}

impl SteppedClock {
    /// A clock that shows the real time. Needs libfaketime, which `scripts/with-services` installs.
    #[must_use]
    pub fn new() -> Self {
        let library = crate::service("TEST_LIBFAKETIME");
        let clock = Self { library, folder: tempfile::tempdir().expect("a temporary folder") };
        // PostgreSQL reads it as another user.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(clock.folder.path(), readable).expect("the folder is ours");
        clock.step(0);
        clock
    }

    /// Sets the clock this many seconds before or after the real time.
    pub fn step(&self, seconds: i64) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{seconds:+}\n")).expect("the clock can be written");
        std::fs::rename(new, self.file()).expect("the clock can be written");
    }

    /// The variables that put a process under this clock.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }
}

impl Default for SteppedClock {
    fn default() -> Self {
        Self::new()
    }
}
