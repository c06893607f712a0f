//! The upstream drivers: one for each dialect of Sora-compatible servers. Knows neither Redis nor the database.
//!
//! A driver sends a [`Request`] and tells what comes back as [`Event`]s, or as a [`Failure`] whose [`Outcome`] says what
//! it means for money: whether the request surely started nothing, or was accepted, or nobody knows. It never repeats a
//! request, follows no redirect, and stops between two events for as long as its caller needs to commit the facts.
//!
//! | module | its part |
//! |---|---|
//! | `chat` | `POST …/chat/completions`, whose answer is a stream of text |
//! | `videos` | `POST …/videos`, whose answer is an id to be asked about |
//! | `outcome` | what an end without a video means, and how an answer tells |
//! | `echo` | telling the user's own words from the upstream's |
//! | `model` | the upstream's own names for models, sizes and lengths |
//! | `client` | HTTP: one connection a request, bounded bodies |

mod chat;
mod client;
mod model;
mod outcome;
mod prompt_echo;
mod videos;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

pub use client::{Timeouts, Upstream};
pub use model::{ModelTemplate, Names};
pub use outcome::{Failure, Outcome};

/// The languages that Sora-compatible servers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A chat completion, streamed; progress and result are text.
    Chat,
    /// A REST job: create, poll, fetch.
    Videos,
}

impl Dialect {
    /// What the end of an address says; `None` when it says nothing.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let path = url.path().trim_end_matches('/');
        if path.ends_with("/chat/completions") {
            Some(Self::Chat)
        } else if path.ends_with("/videos") {
            Some(Self::Videos)
        } else {
            None
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chat => "chat",
            Self::Videos => "videos",
        })
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "chat" => Ok(Self::Chat),
            "videos" => Ok(Self::Videos),
            _ => Err("must be chat or videos".into()),
        }
    }
}

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// The user's prompt, passed through untouched: it may hold control tokens that the upstream obeys.
    pub prompt: String,
    /// The model by the upstream's own name.
    pub model: String,
    /// The length by the upstream's own name, such as `10`.
    pub seconds: String,
    /// The size by the upstream's own name, such as `1280x720`.
    pub size: String,
    /// A picture to begin from.
    pub image: Option<Image>,
    /// The place in a trace that the upstream is told, as the header `traceparent` carries it.
    pub traceparent: Option<String>,
}

/// A reference image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file's content.
    pub bytes: Bytes,
    /// Its MIME type, such as `image/png`.
    pub mime: String,
}

/// A generation that was begun before.
#[derive(Clone, Copy, Debug)]
pub struct OpenGeneration<'a> {
    /// The id that the upstream gave it.
    pub id: &'a str,
    /// Of what.
    pub prompt: &'a str,
    /// How long ago.
    pub age: Duration,
    /// The place in a trace that the upstream is told, as the header `traceparent` carries it.
    pub traceparent: Option<&'a str>,
}

/// What the upstream has shown, in the order shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It took the request: from here on it may cost. With the id by which it can be asked again, where it has any.
    Accepted(Option<String>),
    /// It has the request in line.
    Queued,
    /// It works on it.
    Generating,
    /// It works on it and says how far it is, 0–100.
    Progress(f32),
    /// It has finished; the video can be fetched here. Not yet proof of success: the address must bring a video.
    Result(Url),
}

/// A driver of one server.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Sends `request`, once. What it costs to lose this future is not known: it must be awaited to its end.
    ///
    /// # Errors
    /// The answer is no success, or none came.
    async fn submit(&self, request: &Request) -> Result<Box<dyn Generation>, Failure>;

    /// Goes on with a generation that was begun before; `None` where the dialect has no way to.
    fn resume(&self, open: OpenGeneration<'_>) -> Option<Box<dyn Generation>>;

    /// What a result's address wants to be asked with, as a bearer token.
    fn credential(&self, result: &Url) -> Option<&str>;
}

/// A begun generation, to be read until it brings a result or a failure.
#[async_trait]
pub trait Generation: Send {
    /// The next event. Safe to drop while it waits: nothing that was read is lost.
    ///
    /// # Errors
    /// The generation failed, or broke off before its result.
    async fn next(&mut self) -> Result<Event, Failure>;

    /// To be called once the result is there: ends what is still open, in the way that the upstream needs.
    async fn close(self: Box<Self>);

    /// Nobody wants the result: tells the upstream where it can be told, and returns when it has let go.
    async fn cancel(self: Box<Self>);
}

/// A driver of `upstream`.
///
/// # Errors
/// The HTTP client cannot be built.
pub fn driver(upstream: &Upstream) -> Result<Box<dyn Driver>, reqwest::Error> {
    let client = client::submitting()?;
    Ok(match upstream.dialect {
        Dialect::Chat => Box::new(chat::Chat::new(client, upstream.clone())),
        Dialect::Videos => Box::new(videos::Videos::new(client, upstream.clone())),
    })
}
