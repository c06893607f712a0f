//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A scenario
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Time from the upstream's chunk to the frame in the browser
    Latency,
    /// Memory and CPU time of idle sockets
    Idle,
    /// Clients that do not read, and how they affect the others
    Stalled,
    /// Redis down for a while
    Outage,
    /// The gateway restarted under open sockets
    Restart,
    /// Clients that try to occupy the whole gateway, and how long others wait
    Floods,
    /// Whole jobs per second, and the processor time of each
    Jobs,
    /// Requests per second, and the processor time of each; needs `wrk`
    Requests,
    /// Time until the processes are ready, idle memory, and sizes of the programs
    Startup,
    /// The queue alone, compared with BullMQ; needs `npm ci --prefix crates/bench/peers`
    Queue,
    /// Requests and whole jobs of an Express server, and inserts of PostgreSQL alone; needs the same, `wrk` and `pgbench`
    Peers,
    /// The gateway compared with relays written with `ws` and Socket.IO; needs `npm ci --prefix crates/bench/peers`
    Relay,
}

/// Measures the platform
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Scenarios to run [default: `latency`, `idle`, `stalled`, `outage`, `restart`]
    pub(crate) scenarios: Vec<Scenario>,
    /// Folder of the release build's programs
    #[arg(long, default_value = "target/release")]
    pub(crate) binaries: PathBuf,
    /// Number of users, each with one job
    #[arg(long, default_value_t = 1_000)]
    pub(crate) users: usize,
    /// Sockets per user
    #[arg(long, default_value_t = 8)]
    pub(crate) sockets: usize,
    /// Number of sockets in the scenario `idle`
    #[arg(long, default_value_t = 10_000)]
    pub(crate) idle: usize,
    /// Number of sockets in the scenario `restart`
    #[arg(long, default_value_t = 5_000)]
    pub(crate) restart: usize,
    /// Seconds without Redis in the scenario `outage`
    #[arg(long, default_value_t = 20)]
    pub(crate) away: u64,
    /// Number of jobs in the scenarios `jobs` and `peers`
    #[arg(long, default_value_t = 5_000)]
    pub(crate) jobs: usize,
    /// Folder of the programs to compare with
    #[arg(long, default_value = "crates/bench/peers")]
    pub(crate) peers: PathBuf,
    /// Seconds to measure
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
}
