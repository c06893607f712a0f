//! The platform's settings that matter for a backup: `DATABASE_URL`, `STORAGE_URL` and `BACKEND_PORT`.

use std::env::var;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use url::Url;

/// Where database and videos are.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The database.
    pub(crate) database: Database,
    /// The videos.
    pub(super) storage: Storage,
    /// The gateway's port.
    pub(super) port: u16,
}

/// A database, by its URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Url),
}

/// Where the videos are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// A local folder.
    Folder(PathBuf),
    /// A bucket, by its URL. Its files are not part of a backup.
    Bucket(String),
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let non_empty = |name| var(name).ok().filter(|value| !value.is_empty());
        let file = || {
            let path = non_empty("DATABASE_URL_FILE")?;
            Some(std::fs::read_to_string(&path).with_context(|| path.clone()).map(|text| text.trim_end().to_owned()))
        };
        let url = non_empty("DATABASE_URL").map(Ok).or_else(file).transpose()?;
        Ok(Self {
            database: Database::parse(url.as_deref().unwrap_or("sqlite:data/sora.db"))?,
            storage: Storage::parse(&non_empty("STORAGE_URL").unwrap_or_else(|| "data/videos".into())),
            port: non_empty("BACKEND_PORT").map_or(Ok(3000), |port| port.parse()).context("BACKEND_PORT")?,
        })
    }
}

impl Database {
    fn parse(url: &str) -> anyhow::Result<Self> {
        if let Some(file) = url.strip_prefix("sqlite:") {
            let file = file.strip_prefix("//").unwrap_or(file);
            return Ok(Self::Sqlite(file.split_once('?').map_or(file, |(file, _)| file).into()));
        }
        // The URL holds a password, so the error must not show it.
        let url = Url::parse(url).context("DATABASE_URL is not a URL")?;
        ensure!(url.has_host(), "DATABASE_URL names no host");
        Ok(Self::Postgres(url))
    }

    /// The kind of database, as backups record it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl Storage {
    fn parse(url: &str) -> Self {
        if url.contains("://") { Self::Bucket(url.to_owned()) } else { Self::Folder(url.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_of_an_sqlite_url() {
        for url in ["sqlite:a/b.db", "sqlite://a/b.db", "sqlite:a/b.db?mode=rwc"] {
            assert_eq!(Database::parse(url).expect(url), Database::Sqlite("a/b.db".into()));
        }
        assert_eq!(Database::parse("sqlite:///a.db").expect("valid"), Database::Sqlite("/a.db".into()));
    }

    #[test]
    fn does_not_show_a_password_in_errors() {
        let error = Database::parse("postgres://u:secret@[::1/x").expect_err("not a URL");
        assert!(!format!("{error:#}").contains("secret"));
    }

    #[test]
    fn tells_buckets_from_folders() {
        assert_eq!(Storage::parse("data/videos"), Storage::Folder("data/videos".into()));
        assert_eq!(Storage::parse("s3://bucket/x"), Storage::Bucket("s3://bucket/x".into()));
    }
}
