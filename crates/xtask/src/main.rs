//! The project's own checks and tools, run as `cargo xtask`.
//!
//! | module | role |
//! |---|---|
//! | [`check`] | rules for dependencies, documents, docker-compose.yml and Kubernetes manifests |
//! | [`archive`] | backups of the database and the videos, and restoring them |
//! | [`nemesis`] | builds the programs under test and runs the fault injection |
//!
//! Everything runs in the repository's root. Wiring processes together is left to the shell scripts in `scripts/`.

mod archive;
mod check;
mod nemesis;

use std::path::{Path, PathBuf};
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
        Command::Nemesis { arguments } => ("nemesis", enter_root().and_then(|()| nemesis::run(&arguments))),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{name}: {error:#}");
        ExitCode::FAILURE
    })
}

/// Changes to the repository's root if started by cargo; the scripts have done so already.
fn enter_root() -> anyhow::Result<()> {
    let Some(manifest) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else { return Ok(()) };
    Ok(std::env::set_current_dir(manifest.ancestors().nth(2).unwrap_or(Path::new(".")))?)
}
