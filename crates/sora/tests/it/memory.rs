//! Bounds that hold whatever an upstream sends.

use std::time::Duration;

use simulator::{Config, Simulator};
use sora::{Dialect, Outcome, Upstream, driver};
use url::Url;

use crate::{generate, patient};

/// Resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test]
async fn reads_a_stream_of_garbage_to_its_end_in_little_memory() {
    let simulator = Simulator::start(Config { pace: 0, ..Config::default() }).await.unwrap();
    let url = Url::parse(&simulator.chat_url()).unwrap();
    let (timeouts, poll) = (patient(), Duration::from_secs(1));
    let upstream = Upstream { url, dialect: Dialect::Chat, token: None, timeouts, poll_interval: poll };
    let before = resident();
    let (events, failure) = generate(&*driver(&upstream).unwrap(), "[sim:garbage-stream=128]").await;
    assert_eq!((events.len(), failure.unwrap().outcome), (0, Outcome::Interrupted));
    let grown = resident().saturating_sub(before);
    assert!(grown < 64, "{grown} MiB");
}
