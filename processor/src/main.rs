//! The processor: reads its environment, begins to log, works until it is asked to stop. Or one command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use processor::{Config, run, run_housekeeping};
use service::{env, probe, settings, shutdown, telemetry};

/// The processor. Without a command it works.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// What to do instead of working.
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do instead of working.
#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the processor that runs here whether it is ready (by `METRICS_LISTEN`); for containers without a shell.
    Healthcheck,
    /// Do now what is done each hour: delete what is kept no longer (`RETENTION_DAYS`), and files that nothing names.
    Tidy,
}

#[tokio::main]
async fn main() -> ExitCode {
    execute(Arguments::parse().command).await.err().unwrap_or(ExitCode::SUCCESS)
}

async fn execute(command: Option<Command>) -> Result<(), ExitCode> {
    match command {
        Some(Command::Healthcheck) => healthcheck().await,
        Some(Command::Tidy) => log_error(run_housekeeping(configure()?).await),
        None => {
            let config = configure()?;
            log_error(match shutdown::on_signal() {
                Ok(stop) => run(config, stop).await,
                Err(error) => Err(error.into()),
            })
        }
    }
}

/// The configuration, with the log begun.
fn configure() -> Result<Config, ExitCode> {
    let config = env::read_or_exit(Config::read);
    telemetry::init(config.settings.log_format, &config.settings.log_level).map_err(|error| {
        eprintln!("{error}");
        ExitCode::from(78)
    })?;
    Ok(config)
}

fn log_error(ended: anyhow::Result<()>) -> Result<(), ExitCode> {
    ended.map_err(|error| {
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
