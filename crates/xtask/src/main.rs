//! The project's own checks and tools, run as `cargo xtask`.
//!
//! | module | role |
//! |---|---|
//! | [`check`] | rules for dependencies, documents, docker-compose.yml and Kubernetes manifests |
//! | [`archive`] | backups of the database and the videos, and restoring them |
//! | [`studio`] | opens the database in a terminal application |
//! | [`nemesis`] | builds the programs under test and runs the fault injection |
//!
//! Everything runs in the repository's root. Wiring processes together is left to the shell scripts in `scripts/`.

mod archive;
mod check;
mod nemesis;
mod studio;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own checks and tools
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the project's rules; print one line per violation
    #[command(subcommand)]
    Check(check::Check),
    /// Back up the database and the videos, or restore a backup; run through scripts/archive, which reads .env
    #[command(subcommand)]
    Archive(archive::Action),
    /// Open the database in Harlequin; run through scripts/db-studio, which installs it
    Studio {
        /// The harlequin program
        harlequin: PathBuf,
    },
    /// Build the programs and run the fault injection; further arguments are passed on
    Nemesis {
        /// Arguments for the nemesis program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let (name, result) = match command {
        Command::Check(check) => ("check", enter_root().and_then(|()| check.run())),
        Command::Archive(action) => (action.name(), enter_root().and_then(|()| action.run())),
        Command::Studio { harlequin } => ("db-studio", enter_root().and_then(|()| studio::run(&harlequin))),
        Command::Nemesis { arguments } => ("nemesis", enter_root().and_then(|()| nemesis::run(&arguments))),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{name}: {error:#}");
        ExitCode::FAILURE
    })
}

/// Changes to the repository's root if started by `cargo xtask`; the scripts have done so already.
fn enter_root() -> anyhow::Result<()> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    match folder.filter(|folder| folder.ends_with("crates/xtask")) {
        Some(folder) => Ok(std::env::set_current_dir(folder.join("../.."))?),
        None => Ok(()),
    }
}
