//! The simulator over real TCP connections: what a client receives, and what is counted.
#![allow(clippy::unwrap_used, reason = "tests")]

mod chat_endings;
mod chat_framing;
mod chat_requests;
mod chat_streams;
mod chat_variants;
mod download_faults;
mod downloads;
mod lifecycle;
mod prompts;
mod stats;
mod support;
mod tags;
mod videos;
mod videos_behaviours;
mod videos_client;
