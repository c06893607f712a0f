//! The processor as a real process, against the simulator, real Redis and both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod budgets;
mod cancel;
mod clocks;
mod configuration;
mod crash_points;
mod downloads;
mod housekeeping;
mod job_lifecycle;
mod older_database;
mod posters;
mod process;
mod recovery;
mod redis_failover;
mod reference_images;
mod several_upstreams;
mod storage_away;
mod submissions;
mod test_platform;
mod upstream_shapes;
mod videos_dialect;
mod webhook_receiver;
mod webhooks;
