//! What all tasks of a processor share: configuration, connections, and what is known about the upstream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use bus::Bus;
use entity::database::open_with_retry;
use entity::writability::WriteCheck;
use entity::{DatabaseConnection, job};
use fetch::{Fetcher, Poster};
use sora::Driver;
use storage::{Expected, Storage};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::maintenance::recency::DatabaseState;
use crate::media::Inspector;
use crate::storage_identity;
use crate::transitions::Transitions;
use crate::upstream::breaker::Breaker;
use crate::upstream::suspension::Suspension;
use crate::upstream::upstream_health::UpstreamHealth;

/// Memory for the reference images of all requests that are being sent: two of the largest ones in `chat`.
pub(crate) const IMAGE_MEMORY_KIB: u32 = 160 * 1_024;

/// Shared by all tasks, behind an `Arc`.
pub(crate) struct Context {
    /// The configuration.
    pub(crate) config: Config,
    /// The database: the source of truth.
    pub(crate) db: DatabaseConnection,
    /// Changes what the database holds about jobs and attempts.
    pub(crate) transitions: Arc<Transitions>,
    /// Whether the database accepts writes.
    pub(crate) write_check: WriteCheck,
    /// The queue and the events.
    pub(crate) bus: Bus,
    /// Where videos are stored.
    pub(crate) storage: Storage,
    /// Downloads results from addresses that the upstream names.
    pub(crate) fetcher: Fetcher,
    /// Sends webhooks to addresses that users chose.
    pub(crate) poster: Poster,
    /// Sends requests to the upstream.
    pub(crate) driver: Arc<dyn Driver>,
    /// Whether the upstream accepts requests as it should.
    pub(crate) upstream_health: UpstreamHealth,
    /// Whether submissions are suspended because the upstream's answers could not be read.
    pub(crate) suspension: Suspension,
    /// Whether the database is the one with which the processors worked last.
    pub(crate) database_state: DatabaseState,
    /// How long jobs take, for the remaining time shown to users.
    pub(crate) estimates: job::Estimates,
    /// Memory for reference images, in KiB.
    pub(crate) image_memory: Arc<Semaphore>,
    /// Makes posters.
    pub(crate) inspector: Inspector,
    breaker: Mutex<Breaker>,
}

impl Context {
    /// Connects to everything that `config` names. Waits for the database.
    pub(crate) async fn open(config: Config) -> anyhow::Result<Self> {
        let settings = &config.settings;
        let db = open_with_retry(settings.database_url.expose()).await.context("DATABASE_URL")?;
        let bus = Bus::new(settings.redis_url.expose(), &settings.redis_namespace).context("REDIS_URL")?;
        let storage = Storage::open(&config.storage)?;
        storage.expect(Expected::None);
        if let Err(error) = storage_identity::identify(&db, &storage).await {
            tracing::error!(%error, "the storage cannot be used for now; finished generations wait");
        }
        let fetcher = Fetcher::new(config.fetch_rules())?;
        let poster = Poster::new(config.webhook_allow.clone())?;
        let driver = sora::driver(&config.upstream)?.into();
        let inspector = Inspector::detect(&config.programs).await;
        let (upstream_health, estimates) = (UpstreamHealth::default(), job::Estimates::default());
        let transitions = Arc::new(Transitions::new(&db, config.caps));
        let (breaker, suspension) = (Mutex::default(), Suspension::default());
        Ok(Self {
            config,
            db,
            transitions,
            write_check: WriteCheck::default(),
            bus,
            storage,
            fetcher,
            poster,
            driver,
            upstream_health,
            suspension,
            database_state: DatabaseState::default(),
            estimates,
            image_memory: Arc::new(Semaphore::new(IMAGE_MEMORY_KIB as usize)),
            inspector,
            breaker,
        })
    }

    /// The upstream's address as recorded with attempts: without its query, which may contain a key.
    pub(crate) fn upstream_address(&self) -> &str {
        let url = &self.config.upstream.url;
        let end = url.as_str().len() - url.query().map_or(0, |query| query.len() + 1);
        url.as_str().get(..end).unwrap_or_default()
    }

    /// Records that the upstream accepted a request.
    pub(crate) fn record_upstream_success(&self) {
        self.breaker().record_success();
        self.upstream_health.record_success();
    }

    /// The circuit breaker. Hold the guard only for one call.
    pub(crate) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
