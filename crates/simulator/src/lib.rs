//! A simulated upstream: a real HTTP server that speaks the Sora dialects, misbehaves on request, and counts what it
//! received.
//!
//! A request passes through these modules in order:
//!
//! | module | role |
//! |---|---|
//! | `router` | the URL space |
//! | `http` | authorisation, errors, the access log, and connections that can be dropped |
//! | `behaviour` | parses `[sim:…]` tags and `--behaviour` |
//! | `planner` | combines flags and tags into the request's `plan` |
//! | `script` | turns the plan into steps: queued, progress, result, disconnect |
//! | `chat` | renders the steps as a stream, in the wording of a variant |
//! | `videos` | renders the state reached by now as a video object, and accepts polls, downloads and deletions |
//! | `media` | the generated videos, and download faults |
//! | `stats` | requests, submissions and downloads, by prompt and tag |
//!
//! To add a behaviour, add a row to one of the tables in `behaviour`. To add a variant, render the same steps.

mod behaviour;
mod bounded_map;
mod chat;
mod config;
mod dialect;
mod http;
mod index;
mod media;
mod models;
mod percent;
mod plan;
mod planner;
mod result_field;
mod router;
mod script;
mod server;
mod state;
mod stats;
mod verdict_messages;
mod videos;

pub use behaviour::{Behaviours, UnknownBehaviour};
pub use config::Config;
pub use dialect::{Flavour, Variant};
pub use server::{Simulator, SimulatorHandle};
pub use stats::counters::{Counts, Stats};
