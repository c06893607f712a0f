//! Load generator for the published figures: the real processes on this machine, and many clients, over loopback.
//!
//! Needs `redis-server` and a PostgreSQL named by `DATABASE_URL` or `TEST_DATABASE_URL` (`scripts/with-services` starts
//! one). The upstream is simulated in this process, so that one clock measures from its chunk to the client's frame. Each
//! scenario prints its figures; there are no thresholds.

#![allow(clippy::print_stdout, reason = "prints figures")]

mod arguments;
mod jobs;
mod latencies;
mod platform;
mod process;
mod scenario;
mod socket;
mod upstream;
mod wrk;

use anyhow::Context as _;
use clap::Parser;

use crate::arguments::{Arguments, Scenario};
use crate::platform::Platform;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // No connection here uses TLS, but the HTTP client requires a provider.
    service::tls::install_provider();
    let database = std::env::var("DATABASE_URL").or_else(|_| std::env::var("TEST_DATABASE_URL"));
    let database = database.context("DATABASE_URL is not set: run this through scripts/with-services")?;
    let mut platform = Platform::start(&arguments.binaries, &database).await?;
    let all = [Scenario::Latency, Scenario::Idle, Scenario::Stalled, Scenario::Outage, Scenario::Restart];
    let scenarios = if arguments.scenarios.is_empty() { &all } else { arguments.scenarios.as_slice() };
    let measured = async {
        for scenario in scenarios {
            match scenario {
                Scenario::Latency => scenario::latency(&mut platform, &arguments).await?,
                Scenario::Idle => scenario::idle(&mut platform, &arguments).await?,
                Scenario::Stalled => scenario::stalled(&mut platform, &arguments).await?,
                Scenario::Outage => scenario::outage(&mut platform, &arguments).await?,
                Scenario::Restart => scenario::restart(&mut platform, &arguments).await?,
                Scenario::Floods => scenario::floods(&mut platform, &arguments).await?,
                Scenario::Jobs => scenario::jobs(&mut platform, &arguments).await?,
                Scenario::Requests => scenario::requests(&mut platform, &arguments).await?,
                Scenario::Startup => scenario::startup(&mut platform, &arguments).await?,
                Scenario::Queue => scenario::queue(&mut platform, &arguments).await?,
                Scenario::Peers => scenario::peers(&mut platform, &arguments).await?,
                Scenario::Relay => scenario::relay(&mut platform, &arguments).await?,
            }
        }
        anyhow::Ok(())
    };
    let measured = measured.await;
    platform.stop().await?;
    measured
}
