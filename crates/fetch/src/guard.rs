//! HTTP clients that dial public addresses, and the origins that the configuration allows.

use reqwest::{Client, ClientBuilder, redirect, retry};
use url::Url;

use crate::address::{GlobalOnly, Origin, is_global_literal};

/// The clients, and the origins that may be dialled although they are not public.
#[derive(Clone)]
pub(crate) struct Guard {
    public: Client,
    allowed: Client,
    origins: Vec<Origin>,
}

impl Guard {
    /// Clients that follow no redirects and repeat nothing; `configure` sets their timeouts.
    pub(crate) fn new(
        origins: Vec<Origin>,
        configure: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, reqwest::Error> {
        service::tls::install_provider();
        let client = || {
            let client = Client::builder().redirect(redirect::Policy::none()).retry(retry::never()).no_proxy();
            configure(client.pool_max_idle_per_host(0))
        };
        Ok(Self { public: client().dns_resolver(GlobalOnly).build()?, allowed: client().build()?, origins })
    }

    /// The client for an address; `None` if it may not be dialled. Names are judged when they are resolved.
    pub(crate) fn client_for(&self, url: &Url) -> Option<&Client> {
        if is_listed(url, &self.origins) {
            return Some(&self.allowed);
        }
        (is_global_literal(url) != Some(false)).then_some(&self.public)
    }

    /// Whether the configuration allows the address's origin.
    pub(crate) fn is_allowed(&self, url: &Url) -> bool {
        is_listed(url, &self.origins)
    }
}

/// Whether the origin of `url` is one of `origins`.
pub(crate) fn is_listed(url: &Url, origins: &[Origin]) -> bool {
    Origin::of(url).is_some_and(|origin| origins.contains(&origin))
}
