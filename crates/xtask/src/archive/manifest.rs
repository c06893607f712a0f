//! `manifest.json`: what a backup contains, with the size and SHA-256 of every file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files;

/// The version of this format.
const FORMAT: u64 = 1;

/// The file's name.
const FILE: &str = "manifest.json";

/// A backup's description.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    format: u64,
    made_at: String,
    /// The program that made the backup.
    pub(super) program: String,
    /// The database.
    pub(super) database: DatabaseEntry,
    /// `files`, or the URL of a bucket, which has no files here.
    pub(super) storage: String,
    /// The videos' files.
    pub(super) files: Vec<FileEntry>,
}

/// The copy of the database.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DatabaseEntry {
    /// `sqlite` or `postgres`.
    pub(super) kind: String,
    /// Version of its schema.
    pub(super) schema: i64,
    /// What it contains.
    #[serde(flatten)]
    pub(super) contents: Contents,
    /// The copy.
    #[serde(flatten)]
    pub(super) dump: Dump,
}

/// Row counts of a database, as `migration contents` prints them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Contents {
    /// Accounts.
    pub(super) accounts: u64,
    /// Jobs.
    pub(super) jobs: u64,
    /// Videos.
    pub(super) videos: u64,
    /// Processors that are working with the database.
    pub(super) processors: u64,
}

/// A copied file, in the backup's folder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Dump {
    /// Its name.
    pub(super) file: String,
    /// Its size.
    pub(super) bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub(super) sha256: String,
}

/// A file of the storage, in the folder `files`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// Its path in the storage.
    pub(super) path: String,
    /// Its size.
    pub(super) bytes: u64,
    /// When the original was last modified, to the millisecond.
    pub(super) modified: String,
    /// SHA-256 of its content, in hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    /// Describes a backup made now.
    pub(super) fn new(program: String, database: DatabaseEntry, storage: String, files: Vec<FileEntry>) -> Self {
        Self { format: FORMAT, made_at: timestamp(SystemTime::now()), program, database, storage, files }
    }

    /// Writes it into the backup's folder.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        files::write_private(&folder.join(FILE), text.as_bytes())
    }

    /// Reads it from a backup's folder; fails if the format is unknown.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(folder.join(FILE));
        let text = text.with_context(|| format!("{} is not a backup: it has no {FILE}", folder.display()))?;
        let manifest: Value = serde_json::from_str(&text).with_context(|| format!("{FILE} is damaged"))?;
        let format = &manifest["format"];
        ensure!(*format == FORMAT, "{} has format {format}; this program supports {FORMAT}", folder.display());
        serde_json::from_value(manifest).with_context(|| format!("{FILE} is damaged"))
    }

    /// The files by their path.
    pub(super) fn files_by_path(&self) -> BTreeMap<&str, &FileEntry> {
        self.files.iter().map(|file| (file.path.as_str(), file)).collect()
    }
}

/// Formats a time in UTC, to the millisecond.
pub(super) fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_manifest_that_an_earlier_release_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = r#"{"format": 1, "madeAt": "2026-01-01T00:00:00.000Z", "program": "migration 0.1.0",
            "database": {"kind": "sqlite", "schema": 4, "accounts": 1, "jobs": 2, "videos": 1, "processors": 1,
                "file": "database.sqlite", "bytes": 9, "sha256": "ab"},
            "storage": "files", "files": [{"path": "a/b.mp4", "bytes": 3, "modified": "2026-01-01T00:00:00.123Z", "sha256": "cd"}]}"#;
        std::fs::write(folder.path().join(FILE), text).expect("written");
        let manifest = Manifest::read(folder.path()).expect("valid");
        assert_eq!((manifest.database.schema, manifest.database.contents.jobs), (4, 2));
        assert_eq!(manifest.database.dump.file, "database.sqlite");
        assert_eq!(manifest.files_by_path()["a/b.mp4"].modified, "2026-01-01T00:00:00.123Z");
    }

    #[test]
    fn rejects_unknown_formats_and_other_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = |folder| format!("{:#}", Manifest::read(folder).expect_err("refused"));
        assert!(error(folder.path()).contains("is not a backup"));
        std::fs::write(folder.path().join(FILE), r#"{"format": 2}"#).expect("written");
        assert!(error(folder.path()).contains("has format 2; this program supports 1"));
    }

    #[test]
    fn formats_times_as_earlier_releases_did() {
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(1_767_225_600_123_900);
        assert_eq!(timestamp(time), "2026-01-01T00:00:00.123Z");
    }
}
