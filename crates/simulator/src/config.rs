//! What a simulator is told at start. Every field has a default: it needs no configuration.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;

use crate::behaviour::Behaviours;
use crate::dialect::{Flavour, Variant};

/// How a simulator listens, and how it treats requests that do not say otherwise in a `[sim:…]` tag.
#[derive(Clone, Debug, Parser)]
#[command(name = "simulator", version, about = "A stand-in for a Sora-compatible upstream")]
pub struct Config {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value_t = Self::default().listen)]
    pub listen: SocketAddr,
    /// Bearer token that submissions must carry; without one every request is let in
    #[arg(long)]
    pub token: Option<String>,
    /// Milliseconds between two steps of a stream
    #[arg(long, default_value_t = Self::default().pace)]
    pub pace: u64,
    /// Progress lines in a whole generation
    #[arg(long, default_value_t = Self::default().steps, value_parser = clap::value_parser!(u16).range(1..))]
    pub steps: u16,
    /// Whose `chat` dialect is spoken
    #[arg(long, value_enum, default_value_t)]
    pub variant: Variant,
    /// Whose `videos` dialect is spoken
    #[arg(long, value_enum, default_value_t)]
    pub flavour: Flavour,
    /// Milliseconds that `openai-poll-after-ms` asks for; without it the pace, from 50 to 10000
    #[arg(long)]
    pub poll_after: Option<u64>,
    /// What happens to every request, as in a tag: `refuse@40%`, `slow,pings`, `http-503*2` …
    #[arg(long, default_value = "happy")]
    pub behaviour: Behaviours,
}

impl Default for Config {
    /// A free port on the loopback address, no token, twenty steps 400 ms apart, all happy.
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
