//! One address to fetch from: follows redirects hop by hop, judging each, and keeps the token to its own origin.

use reqwest::{RequestBuilder, Response, header};
use url::Url;

use crate::{Error, Fetcher};

/// Maximum number of redirects that are followed.
pub(crate) const MAX_REDIRECTS: usize = 5;

/// The address of a file; can be requested again for missing parts.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) fetcher: Fetcher,
    pub(crate) url: Url,
    token: Option<String>,
}

impl Source {
    /// The file at `url`, fetched with the upstream's token if `url` is below the upstream's address.
    pub(crate) fn new(fetcher: &Fetcher, url: &Url) -> Self {
        let token = fetcher.rules.credential.as_ref().and_then(|credential| credential.token_for(url));
        Self { fetcher: fetcher.clone(), url: url.clone(), token: token.map(ToOwned::to_owned) }
    }

    /// The response after all redirects, whatever its status. `prepare` adds to each request.
    ///
    /// # Errors
    /// An address that may not be dialled, too many redirects, or a failed connection.
    pub(crate) async fn open(&self, prepare: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<Response, Error> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let request = self.fetcher.client_for(&url)?.get(url.clone());
            let mut request = prepare(request.header(header::ACCEPT_ENCODING, "identity"));
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

    /// The source at another address that this one named; the token goes along within the same origin.
    pub(crate) fn at(&self, url: &Url) -> Self {
        let other = Self::new(&self.fetcher, url);
        let inherited = self.token.clone().filter(|_| url.origin() == self.url.origin());
        Self { token: other.token.clone().or(inherited), ..other }
    }
}
