//! Integration tests: the gateway on a real port, with real databases and a real Redis, which `scripts/with-services` starts.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

mod account;
mod admin;
mod bad_requests;
mod catalogue;
mod compression;
mod configuration;
mod connections;
mod content;
mod costs;
mod events;
mod fairness;
mod first_admin;
mod http;
mod idempotency;
mod images;
mod isolation;
mod job_actions;
mod jobs;
mod keys;
mod limits;
mod live;
mod mcp;
mod openai;
mod openai_errors;
mod openai_retries;
mod openapi;
mod pools;
mod process;
mod redis_failover;
mod resync;
mod rolling_restart;
mod search;
mod shares;
mod sign_in;
mod socket_client;
mod socket_limits;
mod test_server;
mod upstream_results;
mod webhooks;
