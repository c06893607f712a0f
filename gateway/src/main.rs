//! The `gateway` process: reads the configuration and serves until a signal, or runs one subcommand.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use gateway::{Arguments, Config, Gateway};
use service::private_files::create_private_files;
use service::{env, file_limit, probe, shutdown, telemetry};

/// Returns unused memory to the system. Hashing a password takes 19 MiB; the default allocator would keep hundreds of
/// megabytes after many simultaneous sign-ins.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    if let Some(command) = Arguments::parse().command {
        return Ok(command.run().await.map_or_else(
            |error| {
                eprintln!("Error: {error}");
                ExitCode::FAILURE
            },
            |text| {
                println!("{text}");
                ExitCode::SUCCESS
            },
        ));
    }
    create_private_files();
    let config = env::read_or_exit(Config::read);
    let _log = telemetry::init(config.settings.log_format, &config.settings.log_level)?;
    // Logged and not returned: returned errors are printed to standard error, which blocks while it is not read.
    Ok(serve(config).await.map_or_else(
        |error| {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    ))
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
    config.fit_to_file_limit(file_limit::raise().context("cannot raise the limit on open files")?);
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let ignored = config.catalogue.ignored_variables(is_set);
    if !ignored.is_empty() {
        tracing::warn!(variables = ignored.join(", "), "SORA_CATALOGUE replaces these variables; they are ignored");
    }
    let shutdown = shutdown::on_signal()?;
    let (address, share) = (config.http.listen, config.http.share_port);
    let probe = config.settings.metrics_listen;
    let gateway = Gateway::open(config).await?;
    let _probe = match probe {
        Some(address) => Some(probe::start(address, gateway.clone()).await?),
        None => None,
    };
    gateway.announce_setup_token().await?;
    let listener = gateway::bind(address, share).with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(%address, "listening");
    gateway::run(listener, gateway, shutdown).await?;
    tracing::info!("stopped");
    Ok(())
}
