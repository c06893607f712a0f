//! The processor's program: reads the environment, starts logging, and runs until it is asked to stop. Or runs one
//! command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use processor::{Config, adopt_storage, run, run_housekeeping};
use service::private_files::create_private_files;
use service::telemetry::FlushOnDrop;
use service::{env, probe, settings, shutdown, telemetry};

/// The exit status for a configuration error.
const EXIT_CONFIG: u8 = 78;

/// The processor. Without a command it processes jobs until it is stopped.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// A command to run instead.
    #[command(subcommand)]
    command: Option<Command>,
}

/// A command to run instead of processing jobs.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check that the processor on this host is ready (at `METRICS_LISTEN`); for containers without a shell.
    Healthcheck,
    /// Run the hourly cleanup now: delete jobs past their retention (`RETENTION_DAYS`), and files without a row.
    Tidy,
    /// Record that the storage at `STORAGE_URL` is the one of this database: after its files were moved without the file
    /// `storage-id`, or lost.
    AdoptStorage,
}

#[tokio::main]
async fn main() -> ExitCode {
    create_private_files();
    execute(Arguments::parse().command).await.err().unwrap_or(ExitCode::SUCCESS)
}

async fn execute(command: Option<Command>) -> Result<(), ExitCode> {
    match command {
        Some(Command::Healthcheck) => healthcheck().await,
        Some(Command::Tidy) => {
            let (config, _log) = configure()?;
            log_error(run_housekeeping(config).await)
        }
        Some(Command::AdoptStorage) => {
            let (config, _log) = configure()?;
            log_error(adopt_storage(config).await.map(|id| println!("{id}")))
        }
        None => {
            let (config, _log) = configure()?;
            log_error(match shutdown::on_signal() {
                Ok(stop) => run(config, stop).await,
                Err(error) => Err(error.into()),
            })
        }
    }
}

/// Reads the configuration and starts logging.
fn configure() -> Result<(Config, FlushOnDrop), ExitCode> {
    let config = env::read_or_exit(Config::read);
    let log = telemetry::init(config.settings.log_format, &config.settings.log_level).map_err(|error| {
        eprintln!("{error}");
        ExitCode::from(EXIT_CONFIG)
    })?;
    Ok((config, log))
}

fn log_error(result: anyhow::Result<()>) -> Result<(), ExitCode> {
    result.map_err(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

async fn healthcheck() -> Result<(), ExitCode> {
    let address = env::read_or_exit(settings::metrics_listen_required);
    probe::healthcheck(address).await.map_err(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
