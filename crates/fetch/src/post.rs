//! Posting to addresses that users chose: webhooks.
//!
//! Without redirects, with one time limit for everything, and reading only the beginning of what comes back.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;

use crate::address::{Origin, is_global_literal};
use crate::guard::{Guard, is_listed};

/// Time limit from resolving the name to the end of the response.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of bytes that are read of a response.
const MAX_RESPONSE: usize = 64 * 1024;
/// Maximum number of bytes of a response that are returned.
const MAX_EXCERPT: usize = 1024;

/// Posts to `https` addresses on the public network, and to allowed origins.
#[derive(Clone)]
pub struct Poster(Guard);

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The first KiB of the body.
    pub excerpt: String,
}

/// Why there was no response.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The address may not be dialled.
    #[error("the address is not an https address on the public network")]
    Forbidden,
    /// No response in time.
    #[error("no response within {} seconds", POST_TIMEOUT.as_secs())]
    Timeout,
    /// The connection failed, for this reason.
    #[error("{0}")]
    Transport(String),
}

impl Poster {
    /// A client that may also post to the given origins, and without TLS there.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(allowed: Vec<Origin>) -> Result<Self, reqwest::Error> {
        Guard::new(allowed, |client| client.timeout(POST_TIMEOUT)).map(Self)
    }

    /// Posts a body. Whatever its status, a response is no error.
    ///
    /// # Errors
    /// [`PostError`]: there was no response.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: impl Into<Bytes>) -> Result<Reply, PostError> {
        let is_permitted = url.scheme() == "https" || self.0.is_allowed(url);
        let client = self.0.client_for(url).filter(|_| is_permitted).ok_or(PostError::Forbidden)?;
        let request = client.post(url.clone()).headers(headers).body(body.into());
        let mut response = request.send().await.map_err(PostError::from)?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let (mut excerpt, mut total) = (Vec::new(), 0);
        // The status decides. A body that breaks off or never ends changes nothing.
        while total < MAX_RESPONSE
            && let Ok(Some(chunk)) = response.chunk().await
        {
            total += chunk.len();
            let wanted = MAX_EXCERPT.saturating_sub(excerpt.len()).min(chunk.len());
            excerpt.extend_from_slice(&chunk[..wanted]);
        }
        let excerpt = String::from_utf8_lossy(&excerpt).trim_end_matches('\u{fffd}').replace('\0', "");
        Ok(Reply { status, retry_after, excerpt })
    }
}

/// Whether a [`Poster`] with these allowed origins would post to `url`. Names are judged later, when they are resolved.
#[must_use]
pub fn may_post(url: &Url, allowed: &[Origin]) -> bool {
    let is_public = url.scheme() == "https" && url.host().is_some() && is_global_literal(url) != Some(false);
    is_public || is_listed(url, allowed)
}

impl From<reqwest::Error> for PostError {
    /// Keeps the last cause, which names the reason without the address.
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        let mut cause = error.source();
        while let Some(deeper) = cause.and_then(std::error::Error::source) {
            cause = Some(deeper);
        }
        Self::Transport(cause.map_or_else(|| "the connection failed".into(), ToString::to_string))
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().map(Duration::from_secs).ok();
    seconds.or_else(|| httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok())
}
