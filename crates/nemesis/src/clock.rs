//! The wall clock of a process, which can be set while it runs; its monotonic clock goes on undisturbed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A wall clock, by libfaketime.
#[derive(Debug)]
pub(crate) struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// A clock that shows the real time, kept in `file`.
    pub(crate) fn new(file: &Path) -> anyhow::Result<Self> {
        let library = find_library().context("libfaketime is missing; install it with: apt-get install libfaketime")?;
        let clock = Self { library, file: file.to_owned() };
        clock.set(0)?;
        Ok(clock)
    }

    /// Sets the clock this many seconds before or after the real time.
    pub(crate) fn set(&self, seconds: i64) -> anyhow::Result<()> {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}\n"))?;
        Ok(std::fs::rename(new, &self.file)?)
    }

    /// The variables that put a process under this clock.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let variables = [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ];
        variables.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
}

/// `TEST_LIBFAKETIME`, or where Debian and others install the library.
fn find_library() -> Option<PathBuf> {
    let named = std::env::var_os("TEST_LIBFAKETIME").map(PathBuf::from);
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let installed = folders.chain(["/usr/lib".into(), "/usr/lib64".into()]);
    named.into_iter().chain(installed.map(|folder| folder.join("faketime/libfaketime.so.1"))).find(|file| file.exists())
}
