//! Command-line flags. Every flag has a default, so the simulator runs without configuration.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;

use crate::behaviour::Behaviours;
use crate::dialect::{Flavour, Variant};

/// Where the simulator listens, and how it answers requests that carry no `[sim:…]` tag.
#[derive(Clone, Debug, Parser)]
#[command(name = "simulator", version, about = "A simulated Sora-compatible upstream")]
pub struct Config {
    /// Address to listen on; port 0 picks a free port
    #[arg(long, default_value_t = Self::default().listen)]
    pub listen: SocketAddr,
    /// Bearer token that API requests must carry; without it, every request is accepted
    #[arg(long)]
    pub token: Option<String>,
    /// Milliseconds between two steps of a generation
    #[arg(long, default_value_t = Self::default().pace)]
    pub pace: u64,
    /// Number of progress reports in a complete generation
    #[arg(long, default_value_t = Self::default().steps, value_parser = clap::value_parser!(u16).range(1..))]
    pub steps: u16,
    /// Variant of the `chat` dialect
    #[arg(long, value_enum, default_value_t)]
    pub variant: Variant,
    /// Flavour of the `videos` dialect
    #[arg(long, value_enum, default_value_t)]
    pub flavour: Flavour,
    /// Value of `openai-poll-after-ms`, in milliseconds; by default the pace, clamped to 50..10000
    #[arg(long)]
    pub poll_after: Option<u64>,
    /// Behaviour of every request, written as in a tag: `refuse@40%`, `slow,pings`, `http-503*2` …
    #[arg(long, default_value = "happy")]
    pub behaviour: Behaviours,
}

impl Default for Config {
    /// A free port on the loopback address, no token, and generations of twenty steps 400 ms apart that succeed.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
            pace: 400,
            steps: 20,
            variant: Variant::default(),
            flavour: Flavour::default(),
            poll_after: None,
            behaviour: Behaviours::default(),
        }
    }
}
