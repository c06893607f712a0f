//! The simulator over real TCP: what a client sees, byte for byte, and what is counted.
#![allow(clippy::unwrap_used, reason = "tests")]

mod endings;
mod files;
mod framing;
mod jobs;
mod lifecycle;
mod media;
mod orders;
mod prompts;
mod requests;
mod stats;
mod streams;
mod support;
mod tags;
mod variants;
mod videos;
