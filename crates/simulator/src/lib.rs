//! The stand-in upstream: a real HTTP server that speaks the Sora dialects, misbehaves on request, and counts what it
//! was asked.
//!
//! One request runs through these modules in order:
//!
//! | module | does |
//! |---|---|
//! | `router` | the whole URL space on one screen |
//! | `chat` | checks the request as a real server would, and answers with a stream |
//! | `tag`, `behaviour` | reads `[sim:…]` out of the prompt: how *this* request shall go |
//! | `plan` | flags and tags folded into one decision |
//! | `script` | the plan as semantic steps: echo, queued, progress, result, cut |
//! | `chat::b1` | a variant: what each step looks like in its dialect |
//! | `wire` | frames to bytes: line ends, comments, where a stream is torn |
//! | `ledger` | requests, submissions and downloads, by prompt and tag |
//! | `clip`, `media` | the videos that results point at |
//!
//! A new behaviour is a name in `behaviour` and an effect in `plan`; a new variant renders the same steps.

mod about;
mod behaviour;
mod chat;
mod clip;
mod config;
mod connection;
mod dialect;
mod error;
mod failure;
mod intake;
mod jobs;
mod ledger;
mod media;
mod models;
mod noise;
mod percent;
mod plan;
mod recent;
mod router;
mod script;
mod server;
mod stats;
mod tag;
mod videos;
mod wire;

pub use behaviour::{Behaviours, UnknownBehaviour};
pub use config::Config;
pub use dialect::{Flavour, Variant};
pub use ledger::{Counts, Stats};
pub use server::{Running, Simulator};
