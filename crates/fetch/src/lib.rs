//! The guarded HTTP client for addresses that come from outside: it fetches videos, and only videos, and only from where
//! the public Internet may be reached.
//!
//! Every hop is judged by the address that is dialled. Literal addresses are judged before the request, because a
//! resolver is never asked for them; names are judged by the resolver of the client itself, so that what was judged is
//! what is dialled. Redirects are followed here, hop by hop, and no proxy of the environment is used.

mod address;
mod media;

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use reqwest::{Client, Response, header, redirect, retry};
use url::Url;

pub use address::Origin;
use address::{GlobalOnly, is_global_literal};
pub use media::MediaType;

/// Why a video could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that may be dialled.
    #[error("the address {0} is not on the public network and not allowed by SORA_FETCH_ALLOW")]
    Forbidden(String),
    /// More redirects than anyone needs.
    #[error("more than {MAX_REDIRECTS} redirects")]
    Redirects,
    /// A redirect without a usable target.
    #[error("a redirect to nowhere")]
    Location,
    /// The server has an answer, which is no video.
    #[error("status {0}")]
    Status(u16),
    /// The content is no video by its first bytes.
    #[error("the content is no video")]
    NotVideo,
    /// Larger than allowed.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// Shorter than announced.
    #[error("broke off after {got} of {announced} bytes")]
    Truncated {
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The connection failed.
    #[error("the connection failed")]
    Transport(#[from] reqwest::Error),
}

/// What may be fetched.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Origins that may be dialled wherever they are: the upstream's own, and those of `SORA_FETCH_ALLOW`.
    pub allowed: Vec<Origin>,
    /// Largest video, in bytes: `MAX_VIDEO_SIZE`.
    pub max_bytes: u64,
}

/// A client for videos.
#[derive(Clone)]
pub struct Fetcher {
    guarded: Client,
    allowed: Client,
    rules: Rules,
}

/// A video on its way.
pub struct Download {
    /// By its first bytes.
    pub media: MediaType,
    /// The bytes, whole or ending in an error.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No byte for so long ends a download.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

impl Fetcher {
    /// A client that keeps to `rules`.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(rules: Rules) -> Result<Self, Error> {
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = || {
            Client::builder()
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(0)
        };
        Ok(Self { guarded: client().dns_resolver(GlobalOnly).build()?, allowed: client().build()?, rules })
    }

    /// Begins to fetch the video at `url`. Its type and announced size have been checked when this returns.
    ///
    /// # Errors
    /// [`Error`]; nothing of it may be kept.
    pub async fn get(&self, url: &Url) -> Result<Download, Error> {
        let response = self.follow(url.clone()).await?;
        let announced = response.content_length();
        if announced.is_some_and(|length| length > self.rules.max_bytes) {
            return Err(Error::TooLarge(self.rules.max_bytes));
        }
        let mut body = response.bytes_stream().map_err(Error::from).boxed();
        let mut head = Vec::new();
        while head.len() < media::SNIFFED {
            let Some(chunk) = body.next().await else {
                break;
            };
            head.extend_from_slice(&chunk?);
        }
        let media = media::sniff(&head).ok_or(Error::NotVideo)?;
        let whole = stream::iter([Ok(Bytes::from(head))]).chain(body).boxed();
        Ok(Download { media, bytes: measured(whole, announced, self.rules.max_bytes) })
    }

    async fn follow(&self, mut url: Url) -> Result<Response, Error> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.client_for(&url)?.get(url.clone()).send().await?;
            let status = response.status();
            if status.is_redirection() {
                let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
                url = location.and_then(|location| url.join(location).ok()).ok_or(Error::Location)?;
                continue;
            }
            return if status.as_u16() == 200 { Ok(response) } else { Err(Error::Status(status.as_u16())) };
        }
        Err(Error::Redirects)
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Error> {
        let origin = Origin::of(url).ok_or(Error::Location)?;
        if self.rules.allowed.contains(&origin) {
            return Ok(&self.allowed);
        }
        match is_global_literal(url) {
            Some(false) => Err(Error::Forbidden(origin.to_string())),
            Some(true) | None => Ok(&self.guarded),
        }
    }
}

/// Passes bytes on while there are not too many, and ends in an error when there were too few.
fn measured(
    body: BoxStream<'static, Result<Bytes, Error>>,
    announced: Option<u64>,
    max_bytes: u64,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let step = move |(mut body, got): (BoxStream<'static, Result<Bytes, Error>>, u64)| async move {
        match body.try_next().await? {
            Some(chunk) => {
                let got = got + chunk.len() as u64;
                if got > max_bytes { Err(Error::TooLarge(max_bytes)) } else { Ok(Some((chunk, (body, got)))) }
            }
            None => match announced.filter(|announced| *announced != got) {
                Some(announced) => Err(Error::Truncated { got, announced }),
                None => Ok(None),
            },
        }
    };
    stream::try_unfold((body, 0), step).boxed()
}
