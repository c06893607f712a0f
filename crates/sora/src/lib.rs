//! The upstream drivers: one for each dialect of Sora-compatible servers. Knows neither Redis nor the database.
//!
//! A driver sends a [`Request`] and reports what comes back as [`Event`]s, or as a [`Failure`] whose [`Outcome`] says what
//! it means for money: the request surely started nothing, was accepted, or its fate is unknown. It never repeats a
//! request, follows no redirect, and waits between two events as long as its caller needs to commit the facts.
//!
//! Upstreams name their results in many ways, so a driver reports every address at which the result might be as a
//! [`Candidate`]; [`rank`] orders them, and the download decides.
//!
//! | module | contents |
//! |---|---|
//! | `chat` | `POST …/chat/completions`, whose answer is a stream of text |
//! | `videos` | `POST …/videos`, whose answer is an id to poll |
//! | `candidate`, `links`, `fields`, `html` | where results are named: in texts, in JSON |
//! | `vocabulary` | the words of upstreams: status, policy, failure |
//! | `outcome`, `failure` | what an end without a video means, and how answers say so |
//! | `evidence` | the last of what an upstream sent |
//! | `prompt_echo` | recognises text that repeats the prompt |
//! | `model` | the upstream's own names for models, sizes and lengths |
//! | `client` | HTTP: one connection per request, bounded bodies |

mod candidate;
mod chat;
mod client;
mod evidence;
mod failure;
mod fields;
mod html;
mod links;
mod model;
mod outcome;
mod prompt_echo;
mod videos;
mod vocabulary;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

pub use candidate::{Candidate, CandidateSource, rank};
pub use client::{Timeouts, Upstream};
pub use failure::Failure;
pub use fields::result_urls;
pub use model::{ModelTemplate, Names};
pub use outcome::Outcome;

/// The API of a Sora-compatible server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A chat completion, streamed; progress and result are text.
    Chat,
    /// A REST job: create, poll, fetch.
    Videos,
}

impl Dialect {
    /// The dialect that the end of an address shows, if it does.
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
    /// The user's prompt, passed on unchanged: it may hold control tokens of the upstream.
    pub prompt: String,
    /// The model, by the upstream's name.
    pub model: String,
    /// The length, by the upstream's name, such as `10`.
    pub seconds: String,
    /// The size, by the upstream's name, such as `1280x720`.
    pub size: String,
    /// A reference image to begin from.
    pub image: Option<Image>,
    /// The position in a trace, sent as the header `traceparent`.
    pub traceparent: Option<String>,
}

/// A reference image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file's content.
    pub bytes: Bytes,
    /// The MIME type, such as `image/png`.
    pub mime: String,
}

/// A generation that was submitted before.
#[derive(Clone, Copy, Debug)]
pub struct OpenGeneration<'a> {
    /// The upstream's id.
    pub id: &'a str,
    /// The prompt that was submitted.
    pub prompt: &'a str,
    /// The time since then.
    pub age: Duration,
    /// The position in a trace, sent as the header `traceparent`.
    pub traceparent: Option<&'a str>,
}

/// What the upstream has shown, in that order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It accepted the request: from here on it may cost money. With the id by which it can be polled, if there is one.
    Accepted(Option<String>),
    /// The request waits in its queue.
    Queued,
    /// It is generating.
    Generating,
    /// It is generating, with its progress, 0–100.
    Progress(f32),
    /// An address at which the result might be; each is reported once, as soon as it is known.
    Candidate(Candidate),
    /// The generation has finished, and at least one candidate was reported. Not yet proof of success: one of them must
    /// bring a video.
    Finished,
}

/// A driver of one server.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Sends `request`, once. The future must be awaited to its end: if it is dropped, it is unknown whether the request
    /// was accepted.
    ///
    /// # Errors
    /// The answer is an error, or there is none.
    async fn submit(&self, request: &Request) -> Result<Box<dyn Generation>, Failure>;

    /// Continues a generation that was submitted before; `None` where the dialect cannot.
    fn resume(&self, open: OpenGeneration<'_>) -> Option<Box<dyn Generation>>;
}

/// A generation that was submitted, to be read until it finishes or fails.
#[async_trait]
pub trait Generation: Send {
    /// The next event. Cancel-safe: if the future is dropped, nothing that was read is lost.
    ///
    /// # Errors
    /// The generation failed, or broke off without a candidate for its result.
    async fn next(&mut self) -> Result<Event, Failure>;

    /// The last 4 KiB of what the upstream sent, for administrators; it may hold the prompt and secrets.
    fn evidence(&self) -> Option<String>;

    /// Ends what is still open after [`Event::Finished`], in the way that the upstream needs.
    async fn close(self: Box<Self>);

    /// Cancels the generation where the upstream can do that, and returns when the upstream no longer works on it.
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
