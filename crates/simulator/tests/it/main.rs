//! The simulator over real TCP connections: what a client receives, and what is counted.
#![allow(clippy::unwrap_used, reason = "tests")]

mod chat_endings;
mod chat_framing;
mod chat_requests;
mod chat_results;
mod chat_streams;
mod chat_variants;
mod download_faults;
mod downloads;
mod encodings;
mod lifecycle;
mod prompts;
mod stats;
mod support;
mod tags;
mod verdicts;
mod video_files;
mod videos;
mod videos_behaviours;
mod videos_client;
mod videos_objects;
