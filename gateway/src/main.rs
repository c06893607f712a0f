//! The `gateway` process: reads the configuration and serves until a signal, or runs one subcommand.

use anyhow::Context;
use clap::Parser;
use gateway::{Arguments, Config, Gateway};

/// Returns unused memory to the system. Hashing a password takes 19 MiB; the default allocator would keep hundreds of
/// megabytes after many simultaneous sign-ins.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if let Some(command) = Arguments::parse().command {
        println!("{}", command.run().await?);
        return Ok(());
    }
    let config = service::env::read_or_exit(Config::read);
    service::telemetry::init(config.settings.log_format, &config.settings.log_level)?;
    let shutdown = service::shutdown::on_signal()?;
    let (address, share) = (config.http.listen, config.http.share_port);
    let probe = config.settings.metrics_listen;
    let gateway = Gateway::open(config).await?;
    let _probe = match probe {
        Some(address) => Some(service::probe::start(address, gateway.clone()).await?),
        None => None,
    };
    gateway.announce_setup_token().await?;
    let listener = gateway::bind(address, share).with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(%address, "listening");
    gateway::run(listener, gateway, shutdown).await?;
    tracing::info!("stopped");
    Ok(())
}
