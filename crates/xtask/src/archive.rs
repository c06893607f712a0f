//! Backups: the database and the videos as one folder, and their restoration.
//!
//! A backup is complete or does not exist. A restore changes nothing until everything has been checked, and no program can
//! work with the restored database before its unfinished jobs have been failed.

mod backup;
mod database;
mod files;
mod manifest;
mod restore;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

pub(crate) use database::connection;
pub(crate) use settings::{Database, Settings};

/// What to do
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Copy the database and the videos into a new folder, while everything runs
    Backup {
        /// The folder of all backups
        to: PathBuf,
    },
    /// Restore a backup into an empty system
    Restore {
        /// The backup's folder
        backup: PathBuf,
        /// Replace the database, and add to existing files
        #[arg(long)]
        force: bool,
    },
}

impl Action {
    /// The name that begins error messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Backup { .. } => "backup",
            Self::Restore { .. } => "restore",
        }
    }

    /// Carries it out with the settings of the environment.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let settings = Settings::read()?;
        match self {
            Self::Backup { to } => backup::run(&settings, to)?,
            Self::Restore { backup, force } => restore::run(&settings, backup, *force)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
