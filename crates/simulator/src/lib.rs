//! The stand-in upstream: a real HTTP server that speaks the Sora dialects, misbehaves on request, and counts what it
//! was asked.
//!
//! One request runs through these modules in order:
//!
//! | module | does |
//! |---|---|
//! | `router` | the whole URL space on one screen |
//! | `intake` | lets in who carries the token, and decides how the request goes |
//! | `tag`, `behaviour` | reads `[sim:…]` out of the prompt: how *this* request shall go |
//! | `plan` | flags and tags folded into one decision |
//! | `script` | the plan as semantic steps: echo, queued, progress, result, cut |
//! | `chat` | checks a submission as a real server would, and answers it with a stream |
//! | `chat::{a, b1, b2}` | the variants: what each step looks like in their words |
//! | `wire` | frames to bytes: line ends, comments |
//! | `videos` | takes orders, and answers those who ask: `standing` is the script and the time, `object` its words |
//! | `jobs` | the orders, by id |
//! | `failure`, `error` | what stands in place of an answer |
//! | `connection` | how an answer is lost on the way |
//! | `ledger` | what was asked and what it would have cost, by prompt and tag |
//! | `clip`, `media` | the videos that results point at, and what can be wrong with them |
//!
//! A new behaviour is a row of `behaviour`'s tables; a new variant renders the same steps.

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
mod router;
mod script;
mod server;
mod stats;
mod videos;

pub use behaviour::{Behaviours, UnknownBehaviour};
pub use config::Config;
pub use dialect::{Flavour, Variant};
pub use server::{Running, Simulator};
pub use stats::counters::{Counts, Stats};
