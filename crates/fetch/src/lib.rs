//! The guarded HTTP client for addresses that come from outside: it fetches videos, and other files for callers that check
//! them, only from where the public Internet may be reached.
//!
//! Every hop is judged by the address that is dialled. Literal addresses are judged before the request, because resolvers
//! are never asked for them; names are judged by the client's own resolver, so that the judged address is the dialled one.
//! Redirects are followed here, hop by hop, and no proxy of the environment is used. The upstream's token is sent to
//! addresses below its own, and along their redirects within the origin; never to another origin.
//!
//! The content decides what a file is: a page, an image or audio is refused, JSON that names a video is followed one hop
//! under the same rules, and an incomplete file is an error. A download that breaks off is continued where it ended, as
//! long as the server supports ranges and each connection brings something.
//!
//! | module | contents |
//! |---|---|
//! | `address`, `guard` | which addresses may be dialled, and the clients that keep to it |
//! | `source` | requests and redirects |
//! | `body` | announced lengths, limits, continued downloads |
//! | `decode` | content encodings |
//! | `error` | why a video could not be fetched |
//! | `media`, `mp4`, `webm`, `kind` | what a file is, and whether it is complete |
//! | `hls` | playlists and their segments, fetched into a directory |
//! | `post` | webhooks |

mod address;
mod body;
mod decode;
mod error;
mod guard;
mod hls;
mod kind;
mod media;
mod mp4;
mod post;
mod source;
mod webm;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use reqwest::{Client, ClientBuilder, Response, header};
use url::Url;

pub use address::Origin;
use body::Body;
pub use decode::decoded;
pub use error::{Error, Incomplete};
use guard::Guard;
pub use hls::LocalPlaylist;
pub use kind::Kind;
pub use media::MediaType;
use media::{Sniffed, Walk};
pub use post::{PostError, Poster, Reply, may_post};
use source::Source;

/// What may be fetched.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Origins that may be dialled although they are not public: the upstream's own, and those of `SORA_FETCH_ALLOW`.
    pub allowed: Vec<Origin>,
    /// Largest video, in bytes: `MAX_VIDEO_SIZE`.
    pub max_bytes: u64,
    /// The addresses at which JSON fetched from an address says that a video is, best first.
    pub named_in_json: fn(&str, &Url) -> Vec<Url>,
    /// The upstream's own token, for results that it serves itself.
    pub credential: Option<Credential>,
}

/// A bearer token, and where it may be sent.
#[derive(Clone)]
pub struct Credential {
    /// Addresses below this one get the token.
    pub base: Url,
    /// The token.
    pub token: String,
}

impl Credential {
    /// The token, if it may be sent to `url`.
    fn token_for(&self, url: &Url) -> Option<&str> {
        let below =
            url.path().strip_prefix(self.base.path().trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        (below && url.origin() == self.base.origin()).then_some(self.token.as_str())
    }
}

/// Without the token.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// A client for videos.
#[derive(Clone)]
pub struct Fetcher {
    guard: Guard,
    rules: Rules,
}

/// A video that is being fetched.
pub struct Download {
    /// Its type, by its first bytes.
    pub media: MediaType,
    /// Its bytes. An incomplete file ends in an error.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A download without a byte for this long is ended.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest JSON that is read for the video that it names, in bytes.
const MAX_JSON: usize = 1024 * 1024;
/// Maximum number of addresses that are tried of those named by JSON.
const MAX_NAMED: usize = 4;

impl Fetcher {
    /// A client that keeps to `rules`.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(rules: Rules) -> Result<Self, Error> {
        let timeouts = |client: ClientBuilder| client.connect_timeout(CONNECT_TIMEOUT).read_timeout(IDLE_TIMEOUT);
        Ok(Self { guard: Guard::new(rules.allowed.clone(), timeouts)?, rules })
    }

    /// Begins to fetch the video at `url`, or the one that JSON at `url` names. Type and announced size have been checked
    /// when this returns.
    ///
    /// # Errors
    /// There is no video, or it may not be fetched; nothing of it may be kept.
    pub async fn get(&self, url: &Url) -> Result<Download, Error> {
        let source = Source::new(self, url);
        let json = match self.open(source.clone()).await? {
            Opened::Video(download) => return Ok(download),
            Opened::Json(json) => json,
        };
        let mut error = Error::NotVideo(Kind::Json);
        for named in (self.rules.named_in_json)(&json, url).into_iter().take(MAX_NAMED) {
            match self.open(source.at(&named)).await {
                Ok(Opened::Video(download)) => return Ok(download),
                Ok(Opened::Json(_)) => {}
                Err(cause) => error = cause,
            }
        }
        Err(error)
    }

    /// The whole file at `url`, of any type, held in memory.
    ///
    /// # Errors
    /// It may not be fetched, or is larger than allowed.
    pub async fn file(&self, url: &Url) -> Result<Bytes, Error> {
        let mut content = self.content(Source::new(self, url)).await?;
        first(&mut content, usize::MAX).await
    }

    async fn open(&self, source: Source) -> Result<Opened, Error> {
        let url = source.url.clone();
        let mut bytes = self.content(source).await?;
        let head = first(&mut bytes, media::SNIFFED).await?;
        match media::sniff(&head) {
            Sniffed::Video(media) => {
                Ok(Opened::Video(Download { media, bytes: checked(Walk::of(media), head, bytes) }))
            }
            Sniffed::Json => {
                let rest = first(&mut bytes, MAX_JSON).await?;
                Ok(Opened::Json(String::from_utf8_lossy(&[head, rest].concat()).into_owned()))
            }
            Sniffed::Playlist => Err(Error::Playlist(url)),
            Sniffed::Other(kind) => Err(Error::NotVideo(kind)),
        }
    }

    /// The decoded content at an address, within the limit of size.
    async fn content(&self, source: Source) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
        let response = source.open(|request| request).await?;
        let whole = response.status().as_u16() == 206 && content_range(&response).is_some_and(|(start, _)| start == 0);
        if response.status().as_u16() != 200 && !whole {
            return Err(Error::Status(response.status().as_u16()));
        }
        let encoding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let (encoding, max_bytes) = (encoding.unwrap_or_default().to_owned(), self.rules.max_bytes);
        let body = Body::new(source, response, max_bytes)?.into_stream();
        let mut total = 0;
        let limited = decoded(&encoding, body).map_err(Error::from).and_then(move |chunk| {
            total += chunk.len() as u64;
            let result = if total > max_bytes { Err(Error::TooLarge(max_bytes)) } else { Ok(chunk) };
            std::future::ready(result)
        });
        Ok(limited.boxed())
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Error> {
        let origin = Origin::of(url).ok_or(Error::Location)?;
        self.guard.client_for(url).ok_or_else(|| Error::Forbidden(origin.to_string()))
    }
}

/// What an address brings.
enum Opened {
    Video(Download),
    Json(String),
}

/// The first bytes of a stream: at least `wanted`, unless there are fewer.
async fn first(bytes: &mut BoxStream<'static, Result<Bytes, Error>>, wanted: usize) -> Result<Bytes, Error> {
    let mut head = BytesMut::new();
    while head.len() < wanted
        && let Some(chunk) = bytes.try_next().await?
    {
        head.extend_from_slice(&chunk);
    }
    Ok(head.freeze())
}

/// All bytes, of which `head` has been read before; ends in an error unless they are a complete video.
fn checked(
    walk: Walk,
    head: Bytes,
    rest: BoxStream<'static, Result<Bytes, Error>>,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let bytes = stream::iter([Ok(head)]).chain(rest);
    let next =
        async |(mut walk, mut bytes): (Walk, BoxStream<'static, Result<Bytes, Error>>)| match bytes.try_next().await? {
            Some(chunk) => {
                walk.push(&chunk)?;
                Ok(Some((chunk, (walk, bytes))))
            }
            None => walk.finish().map(|()| None),
        };
    stream::try_unfold((walk, bytes.boxed()), next).boxed()
}

/// First byte and total size of `Content-Range: bytes FIRST-LAST/TOTAL`.
fn content_range(response: &Response) -> Option<(u64, u64)> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes ")?;
    let (range, total) = range.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_the_token_only_below_its_base() {
        let base = Url::parse("https://up.example/v1/videos").unwrap();
        let credential = Credential { base, token: "t".into() };
        let token = |url: &str| credential.token_for(&Url::parse(url).unwrap());
        assert_eq!(token("https://up.example/v1/videos/video_1/content"), Some("t"));
        for elsewhere in [
            "https://up.example/v1/videosx/1",
            "https://up.example/other",
            "http://up.example/v1/videos/1/content",
            "https://up.example:8443/v1/videos/1/content",
            "https://evil.example/v1/videos/1/content",
        ] {
            assert_eq!(token(elsewhere), None, "{elsewhere}");
        }
        assert!(!format!("{credential:?}").contains("\"t\""));
    }
}
