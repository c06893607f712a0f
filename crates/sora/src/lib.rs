//! The upstream drivers: one for each dialect of Sora-compatible servers. Knows neither Redis nor the database.
//!
//! A driver sends a [`Request`] and tells what comes back as [`Event`]s, or as a [`Failure`] whose [`Outcome`] says what
//! it means for money: whether the request surely started nothing, or was accepted, or nobody knows. It never repeats a
//! request, follows no redirect, and stops between two events for as long as its caller needs to commit the facts.

mod chat;
mod client;
mod model;
mod outcome;

pub use chat::{Chat, Generation};
pub use client::{Timeouts, Upstream};
pub use model::ModelTemplate;
pub use outcome::{Failure, Outcome};

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// The user's prompt, passed through untouched: it may hold control tokens that the upstream obeys.
    pub prompt: String,
    /// The model by the upstream's own name.
    pub model: String,
}

/// What the upstream has shown, in the order shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It took the request: from here on it may cost.
    Accepted,
    /// It has the request in line.
    Queued,
    /// It works on it.
    Generating,
    /// It works on it and says how far it is, 0–100.
    Progress(f32),
    /// It has finished; the video can be fetched here. Not yet proof of success: the address must bring a video.
    Result(url::Url),
}
