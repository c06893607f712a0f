//! Fault injection against real processes, followed by checks from outside.
//!
//! Each seed runs a complete platform: two gateways, three processors, Redis, PostgreSQL and three simulators in two pools.
//! Users submit, poll, watch and cancel while processes are killed and frozen, servers are restarted and emptied, and
//! connections are cut. The seed alone decides the schedule. Afterwards the checks compare what users saw, what the database committed and
//! what the simulators received.
//!
//! | module | role |
//! |---|---|
//! | [`plan`], [`fault`] | what the seed decides; pure |
//! | [`run`] | one seed from start to result |
//! | [`platform`], [`postgres`], [`redis`], [`process`], [`clock`], [`signal`] | the processes under test |
//! | [`inject`], [`stalled`], [`failover`], [`pause`], [`log_pipe`], [`proxy`], [`administrator`] | injects the faults |
//! | [`client`], [`observations`], [`receiver`] | users, and what they saw; the receiver of their webhooks |
//! | [`history`] | what was committed, recorded by the database itself |
//! | [`check`], [`recovery`] | the checks, and how long jobs waited for recovery |

mod administrator;
mod check;
mod client;
mod clock;
mod dump;
mod failover;
mod fault;
mod history;
mod inject;
mod log_pipe;
mod observations;
mod pause;
mod plan;
mod platform;
mod postgres;
mod process;
mod proxy;
mod receiver;
mod recovery;
mod redis;
mod report;
mod run;
mod run_log;
mod signal;
mod stalled;
mod upstreams;
mod wait;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::Plan;
use crate::postgres::Postgres;
use crate::report::Report;

/// Injects faults into the platform and checks its guarantees
#[derive(Debug, Parser)]
#[command(name = "nemesis", version)]
struct Arguments {
    /// Seeds to run, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with = "count")]
    seeds: Vec<u64>,
    /// Number of random seeds to run
    #[arg(long, default_value_t = 5)]
    count: usize,
    /// Approximate number of jobs per seed
    #[arg(long, default_value_t = 40)]
    jobs: usize,
    /// Seconds of load and faults per seed
    #[arg(long, default_value_t = 9)]
    seconds: u64,
    /// Where to keep the logs of failed seeds [default: nemesis-logs next to the programs]
    #[arg(long, overrides_with = "keep_logs")]
    keep_logs: Option<PathBuf>,
    /// Keep the logs of passing seeds, too
    #[arg(long)]
    keep_all: bool,
}

// A single thread: the child processes die with the thread that started them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    service::tls::install_provider();
    match run_seeds(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("nemesis: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every seed passed.
async fn run_seeds(arguments: Arguments) -> anyhow::Result<bool> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let built = std::env::current_exe()?.parent().context("the executable has no parent folder")?.to_owned();
    let copies = copy_programs(&built)?;
    let programs = copies.path();
    let port = platform::free_ports(1)?[0];
    let postgres = Arc::new(Postgres::start(port, &programs.join("migration")).await?);
    let passed = tokio::select! {
        passed = run_all(&arguments, &postgres, programs, &built) => passed,
        _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
    };
    postgres.stop().await?;
    passed
}

/// Copies the programs under test, so that a build in the meantime does not replace them during a run.
fn copy_programs(built: &Path) -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("nemesis-programs.").tempdir()?;
    for program in ["gateway", "processor", "simulator", "migration"] {
        std::fs::copy(built.join(program), folder.path().join(program))
            .with_context(|| format!("copying {program}"))?;
    }
    Ok(folder)
}

async fn run_all(
    arguments: &Arguments,
    postgres: &Arc<Postgres>,
    programs: &Path,
    built: &Path,
) -> anyhow::Result<bool> {
    let seeds = if arguments.seeds.is_empty() {
        (0..arguments.count).map(|_| u64::from(rand::random::<u32>())).collect()
    } else {
        arguments.seeds.clone()
    };
    let kept = arguments.keep_logs.clone().unwrap_or_else(|| built.join("nemesis-logs"));
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
                "  to repeat: scripts/nemesis --seeds {seed} --jobs {} --seconds {}",
                arguments.jobs, arguments.seconds
            );
        }
    }
    Ok(report.print_total())
}
