//! The load generator behind the published figures: the real processes on this machine, and many websocket clients in
//! this one, over loopback.
//!
//! It needs a PostgreSQL, named by `DATABASE_URL` or `TEST_DATABASE_URL` (`scripts/with-services` starts one), and
//! `redis-server`. It plays the upstream itself, so that one clock sees a chunk leave and its frame arrive. Each stage
//! prints lines of figures; nothing is judged.

#![allow(clippy::print_stdout, reason = "prints figures")]

mod figures;
mod platform;
mod process;
mod socket;
mod stage;
mod upstream;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use crate::platform::Platform;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// From the upstream's chunk to the frame in the browser.
    Latency,
    /// Memory and processor time of sockets that only live.
    Idle,
    /// Clients that do not read, and what that does to others.
    Stalled,
    /// Redis away for a while.
    Outage,
    /// The gateway restarted under open sockets.
    Restart,
    /// The gateway beside relays written with `ws` and Socket.IO; needs `npm ci --prefix crates/bench/relays`.
    Relay,
}

/// Measures the platform's live progress.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything but `relay`, if nothing is named.
    stages: Vec<Stage>,
    /// The folder of the release build's programs.
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
    /// Users with a job each.
    #[arg(long, default_value_t = 1_000)]
    users: usize,
    /// Sockets of each of these users.
    #[arg(long, default_value_t = 8)]
    sockets: usize,
    /// Sockets of the stage `idle`.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Sockets of the stage `restart`.
    #[arg(long, default_value_t = 5_000)]
    restart: usize,
    /// How long Redis is away in the stage `outage`, in seconds.
    #[arg(long, default_value_t = 20)]
    away: u64,
    /// The folder of the relays to compare with.
    #[arg(long, default_value = "crates/bench/relays")]
    relays: PathBuf,
    /// How long to measure, in seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Nothing here speaks TLS, but the HTTP client wants to know how it would.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = std::env::var("DATABASE_URL").or_else(|_| std::env::var("TEST_DATABASE_URL"));
    let database = database.context("DATABASE_URL is not set: run this through scripts/with-services")?;
    let mut platform = Platform::start(&arguments.binaries, &database).await?;
    let all = [Stage::Latency, Stage::Idle, Stage::Stalled, Stage::Outage, Stage::Restart];
    let stages = if arguments.stages.is_empty() { &all } else { arguments.stages.as_slice() };
    let measured = async {
        for stage in stages {
            match stage {
                Stage::Latency => stage::latency(&mut platform, &arguments).await?,
                Stage::Idle => stage::idle(&mut platform, &arguments).await?,
                Stage::Stalled => stage::stalled(&mut platform, &arguments).await?,
                Stage::Outage => stage::outage(&mut platform, &arguments).await?,
                Stage::Restart => stage::restart(&mut platform, &arguments).await?,
                Stage::Relay => stage::relay(&mut platform, &arguments).await?,
            }
        }
        anyhow::Ok(())
    };
    let measured = measured.await;
    platform.stop().await?;
    measured
}
