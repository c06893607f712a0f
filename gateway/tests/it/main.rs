//! The gateway over a real port, with real databases and a real Redis. Run by `scripts/with-services`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod accounts;
mod content;
mod edge;
mod hostile;
mod jobs;
mod live;
mod missed;
mod owner;
mod refusals;
mod socket;
mod world;
