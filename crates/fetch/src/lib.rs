//! The guarded HTTP client for addresses that come from outside: it fetches videos, and only videos, and only from where
//! the public Internet may be reached.
//!
//! Every hop is judged by the address that is dialled. Literal addresses are judged before the request, because a
//! resolver is never asked for them; names are judged by the resolver of the client itself, so that what was judged is
//! what is dialled. Redirects are followed here, hop by hop, and no proxy of the environment is used. A token goes to the
//! origin that it is meant for, and along no redirect elsewhere.
//!
//! A download that is cut goes on where it was, as long as the server can do that and each connection brings something.

mod address;
mod body;
mod media;

use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use reqwest::{Client, RequestBuilder, Response, header, redirect, retry};
use url::Url;

pub use address::Origin;
use address::{GlobalOnly, is_global_literal};
use body::Body;
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

    /// Begins to fetch the video at `url`, with a bearer token for its origin. Its type and announced size have been checked
    /// when this returns.
    ///
    /// # Errors
    /// [`Error`]; nothing of it may be kept.
    pub async fn get(&self, url: &Url, token: Option<&str>) -> Result<Download, Error> {
        let source = Source { fetcher: self.clone(), url: url.clone(), token: token.map(ToOwned::to_owned) };
        let response = source.open(|request| request).await?;
        if response.status().as_u16() != 200 {
            return Err(Error::Status(response.status().as_u16()));
        }
        let mut body = Body::new(source, response, self.rules.max_bytes)?;
        let head = body.head(media::SNIFFED).await?;
        let media = media::sniff(&head).ok_or(Error::NotVideo)?;
        Ok(Download { media, bytes: body.after(head) })
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

/// Where a video comes from, to be asked again for what is missing.
struct Source {
    fetcher: Fetcher,
    url: Url,
    token: Option<String>,
}

impl Source {
    /// The answer after all redirects, with whatever status.
    async fn open(&self, ask: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Response, Error> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = ask(self.fetcher.client_for(&url)?.get(url.clone()));
            if let Some(token) = self.token.as_deref().filter(|_| url.origin() == self.url.origin()) {
                request = request.bearer_auth(token);
            }
            let response = request.send().await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
            url = location.and_then(|location| url.join(location).ok()).ok_or(Error::Location)?;
        }
        Err(Error::Redirects)
    }
}
