//! The processor as a real process, against the simulator, real Redis and both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cancel;
mod configuration;
mod faults;
mod files;
mod life_of_a_job;
mod media;
mod money;
mod recovery;
mod videos;
mod world;
