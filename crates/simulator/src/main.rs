//! The `simulator` command. Logs go to stderr; stdout carries a single line, the address it listens on.

use std::io::{self, IsTerminal};

use clap::Parser;
use simulator::{Config, Simulator};
use tokio::signal::unix::{SignalKind, signal};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let filter = EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter)
        .with_target(false)
        .finish()
        // Libraries log what they transmit.
        .with(filter_fn(|entry| *entry.level() <= Level::WARN || entry.target().starts_with("simulator")))
        .init();

    // Installed before the address is printed: a reader of that line may send a signal immediately.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let simulator = Simulator::bind(config).await?;
    println!("listening on {}", simulator.url());
    simulator
        .serve(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await?;
    Ok(())
}
