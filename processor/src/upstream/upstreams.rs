//! The upstreams that this process knows: what it sends to each, and what it has learned about each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use anyhow::Context as _;
use catalogue::{Controls, Unavailable};
use entity::{DatabaseConnection, DbErr};
use fetch::{Credential, Fetcher, Origin, Rules};
use sha2::{Digest, Sha256};
use sora::{Dialect, Driver};

use super::breaker::Breaker;
use super::suspension::Suspension;
use super::upstream_health::UpstreamHealth;
use crate::config::Config;

/// An upstream, with what this process has learned about it.
pub(crate) struct Upstream {
    /// Its settings in the catalogue.
    pub(crate) settings: catalogue::Upstream,
    /// Its name in metrics and logs.
    pub(crate) label: String,
    /// The token of each request.
    pub(crate) token: Option<String>,
    /// Sends requests to it.
    pub(crate) driver: Box<dyn Driver>,
    /// Downloads results, with its token where it serves them itself.
    pub(crate) fetcher: Fetcher,
    /// Whether it accepts requests as it should.
    pub(crate) health: UpstreamHealth,
    /// Whether submissions are suspended because its answers could not be read.
    pub(crate) suspension: Suspension,
    /// Its address as attempts recorded it before upstreams had names: without the query, which may contain a key.
    address: String,
    breaker: Mutex<Breaker>,
}

impl Upstream {
    fn open(settings: &catalogue::Upstream, config: &Config) -> anyhow::Result<Self> {
        let token = config.tokens.get(&settings.name).cloned();
        let server = sora::Upstream {
            url: settings.url.clone(),
            dialect: settings.dialect,
            token: token.clone(),
            timeouts: settings.timeouts,
            poll_interval: settings.poll_interval,
        };
        let address = catalogue::Upstream::name_by_address(&settings.url);
        let label = if config.catalogue.from_file { settings.name.as_str() } else { catalogue::DEFAULT_POOL };
        Ok(Self {
            driver: sora::driver(&server).context("the client of an upstream")?,
            fetcher: Fetcher::new(rules(config, Some((settings, token.as_deref()))))?,
            health: UpstreamHealth::new(label),
            suspension: Suspension::new(label, &settings.name),
            label: label.to_owned(),
            breaker: Mutex::default(),
            settings: settings.clone(),
            token,
            address,
        })
    }

    /// Its address without the query, which may contain a key.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The circuit breaker. Hold the guard only for one call.
    pub(crate) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that it accepted a request.
    pub(crate) fn record_success(&self) {
        self.breaker().record_success();
        self.health.record_success();
    }

    /// A hash of its address and token, by which a changed key is noticed.
    pub(crate) fn key_hash(&self) -> String {
        let digest = Sha256::new().chain_update(self.settings.url.as_str()).chain_update([0]);
        let digest = digest.chain_update(self.token.as_deref().unwrap_or_default()).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All upstreams, and what was decided about them.
pub(crate) struct Upstreams {
    all: Vec<Arc<Upstream>>,
    /// Whether a catalogue names them.
    from_file: bool,
    controls: RwLock<Arc<Controls>>,
    /// Downloads results of upstreams that are no longer known.
    public_fetcher: Fetcher,
}

impl Upstreams {
    /// The upstreams of the configuration.
    pub(crate) fn open(config: &Config) -> anyhow::Result<Self> {
        let all = config.catalogue.upstreams.iter().map(|settings| Upstream::open(settings, config).map(Arc::new));
        Ok(Self {
            all: all.collect::<anyhow::Result<_>>()?,
            from_file: config.catalogue.from_file,
            controls: RwLock::default(),
            public_fetcher: Fetcher::new(rules(config, None))?,
        })
    }

    /// All of them, in the order of the catalogue.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.all.iter()
    }

    /// The upstream of this name in the catalogue.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.all.iter().find(|upstream| upstream.settings.name == name)
    }

    /// The upstream that an attempt records, by its name or its address.
    pub(crate) fn recorded(&self, record: &str) -> Option<&Arc<Upstream>> {
        self.named(record).or_else(|| self.all.iter().find(|upstream| upstream.address == record))
    }

    /// Every name under which attempts can have recorded one of them.
    pub(crate) fn records(&self) -> Vec<String> {
        self.all.iter().flat_map(|upstream| [upstream.settings.name.clone(), upstream.address.clone()]).collect()
    }

    /// The tokens of all of them.
    pub(crate) fn tokens(&self) -> Vec<&str> {
        self.all.iter().filter_map(|upstream| upstream.token.as_deref()).collect()
    }

    /// The client for results of an upstream that is no longer known.
    pub(crate) fn public_fetcher(&self) -> &Fetcher {
        &self.public_fetcher
    }

    /// What was decided about them, as read last.
    pub(crate) fn controls(&self) -> Arc<Controls> {
        self.controls.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads what was decided about them. A key that was changed since it was refused is tried again. Without a catalogue there
    /// is nothing to decide.
    pub(crate) async fn refresh_controls(&self, db: &DatabaseConnection) -> Result<Arc<Controls>, DbErr> {
        if !self.from_file {
            return Ok(self.controls());
        }
        let mut controls = Controls::read(db).await?;
        for upstream in &self.all {
            let refused = controls.refused_key(&upstream.settings.name);
            if refused.is_some_and(|key| key != upstream.key_hash()) {
                entity::upstream_control::forget_refusal(db, &upstream.settings.name).await?;
                tracing::info!(
                    upstream = upstream.settings.name,
                    "the key was changed since it was refused; it is tried again"
                );
                controls = Controls::read(db).await?;
            }
        }
        let controls = Arc::new(controls);
        *self.controls.write().unwrap_or_else(PoisonError::into_inner) = controls.clone();
        Ok(controls)
    }

    /// Why nothing is sent to an upstream, by its name.
    pub(crate) fn unavailable(&self, upstream: &catalogue::Upstream) -> Option<Unavailable> {
        self.controls().unavailable(upstream)
    }
}

/// Where results may be downloaded from: the upstream's own origin, public addresses, and the allowed origins.
fn rules(config: &Config, upstream: Option<(&catalogue::Upstream, Option<&str>)>) -> Rules {
    let own = upstream.and_then(|(settings, _)| Origin::of(&settings.url));
    // The `chat` dialect's results are links to elsewhere, which need no token.
    let credential = upstream.and_then(|(settings, token)| {
        let token = token.filter(|_| settings.dialect == Dialect::Videos)?;
        Some(Credential { base: settings.url.clone(), token: token.to_owned() })
    });
    Rules {
        allowed: own.into_iter().chain(config.fetch_allow.clone()).collect(),
        max_bytes: config.max_video_size,
        named_in_json: sora::result_urls,
        credential,
    }
}

/// Tokens by the name of their upstream.
pub(crate) type Tokens = HashMap<String, String>;
