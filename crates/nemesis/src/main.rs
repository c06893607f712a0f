//! Faults over real processes, and the checks afterwards.
//!
//! Each seed is a platform of its own: two gateways, three processors, Redis, PostgreSQL and the simulator, all real
//! processes. Users submit, poll, watch and cancel while processes are killed and frozen, servers restarted and
//! emptied, connections cut, on a schedule that the seed alone decides. When the faults are over every promise is
//! checked from outside.
//!
//! | module | its part |
//! |---|---|
//! | [`plan`], [`fault`] | pure: what a seed decides |
//! | [`run`] | one seed from its first process to its result |
//! | [`platform`], [`postgres`], [`redis`], [`process`], [`signal`] | the platform |
//! | [`strike`] | faults in action |
//! | [`client`], [`observations`] | users, and what they saw |
//! | [`history`] | what was committed, noted by the database itself |
//! | [`check`], [`recovery`] | the promises, and how long a job rests |

mod check;
mod client;
mod dump;
mod fault;
mod history;
mod inject;
mod observations;
mod plan;
mod platform;
mod postgres;
mod process;
mod recovery;
mod redis;
mod report;
mod run;
mod run_log;
mod signal;
mod wait;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::Plan;
use crate::postgres::Postgres;
use crate::report::Report;

/// Harms the platform and checks what it promised.
#[derive(Debug, Parser)]
#[command(name = "nemesis", version)]
struct Arguments {
    /// The seeds to run, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with = "count")]
    seeds: Vec<u64>,
    /// How many random seeds to run
    #[arg(long, default_value_t = 5)]
    count: usize,
    /// About how many jobs a seed asks for
    #[arg(long, default_value_t = 40)]
    jobs: usize,
    /// How many seconds of load and faults a seed has
    #[arg(long, default_value_t = 9)]
    seconds: u64,
    /// Where the logs of failed seeds go [default: nemesis-logs beside the programs]
    #[arg(long, overrides_with = "keep_logs")]
    keep_logs: Option<PathBuf>,
    /// Keep the logs of seeds that pass, too
    #[arg(long)]
    keep_all: bool,
}

// One thread: the processes die with the thread that started them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().ok();
    match begin(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("nemesis: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every seed has passed.
async fn begin(arguments: Arguments) -> anyhow::Result<bool> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let programs = std::env::current_exe()?.parent().context("this program has no folder")?.to_owned();
    let port = platform::free_ports(1)?[0];
    let postgres = Arc::new(Postgres::start(port, &programs.join("migration")).await?);
    let passed = tokio::select! {
        passed = all(&arguments, &postgres, &programs) => passed,
        _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
    };
    postgres.stop().await?;
    passed
}

async fn all(arguments: &Arguments, postgres: &Arc<Postgres>, programs: &Path) -> anyhow::Result<bool> {
    let seeds = if arguments.seeds.is_empty() {
        (0..arguments.count).map(|_| u64::from(rand::random::<u32>())).collect()
    } else {
        arguments.seeds.clone()
    };
    let kept = arguments.keep_logs.clone().unwrap_or_else(|| programs.join("nemesis-logs"));
    let mut report = Report::default();
    for seed in seeds {
        let plan = Plan::draw(seed, arguments.jobs, Duration::from_secs(arguments.seconds));
        let folder = tempfile::Builder::new().prefix("nemesis.").tempdir()?;
        let result = run::run(&plan, postgres, programs, folder.path()).await;
        let result = result.unwrap_or_else(|error| report::run_failed(&error));
        let failed = !result.violations.is_empty();
        let kept = kept.join(format!("seed-{seed}"));
        report.add(&plan, &result);
        if failed || arguments.keep_all {
            report::copy_logs(folder.path(), &kept)?;
        }
        if failed {
            report::print_violations(&result, &kept);
            println!(
                "  again: scripts/nemesis --seeds {seed} --jobs {} --seconds {}",
                arguments.jobs, arguments.seconds
            );
        }
    }
    Ok(report.print_total())
}
