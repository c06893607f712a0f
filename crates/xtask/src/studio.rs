//! Opens the database in Harlequin, an SQL editor for the terminal.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, ensure};

use crate::archive::{Database, Settings, connection};

/// Becomes `harlequin`, connected to the database of the environment. A password is passed in a variable, since arguments
/// are visible to every user.
pub(crate) fn run(harlequin: &Path) -> anyhow::Result<ExitCode> {
    let mut command = Command::new(harlequin);
    match Settings::read()?.database {
        Database::Sqlite(file) => {
            let name = file.display();
            ensure!(file.exists(), "there is no database at {name}; create one with: make db-migrate");
            command.args(["--adapter", "sqlite"]).arg(file);
        }
        Database::Postgres(url) => {
            command.args(["--adapter", "postgres"]).envs(connection(&url));
        }
    }
    Err(command.exec()).with_context(|| harlequin.display().to_string())
}
