//! The gateway over a real port, with real databases and a real Redis. Run by `scripts/with-services`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod accounts;
mod admin;
mod attacks;
mod configuration;
mod content;
mod document;
mod edge;
mod first_admin;
mod hostile;
mod images;
mod jobs;
mod keys;
mod limits;
mod live;
mod missed;
mod once;
mod own_account;
mod owner;
mod refusals;
mod replaced;
mod search;
mod shares;
mod socket;
mod world;
