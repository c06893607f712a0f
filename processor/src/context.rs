//! What all tasks of a processor share: configuration, connections, and what is known about the upstream.

use std::sync::Arc;

use anyhow::Context as _;
use bus::{Bus, Queue, Queues};
use entity::database::open_with_retry;
use entity::writability::WriteCheck;
use entity::{DatabaseConnection, job};
use fetch::Poster;
use storage::{Expected, Storage};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::maintenance::recency::DatabaseState;
use crate::media::Inspector;
use crate::storage_identity;
use crate::transitions::Transitions;
use crate::upstream::upstreams::Upstreams;

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
    /// The events.
    pub(crate) bus: Bus,
    /// The queues of all pools.
    pub(crate) queues: Queues,
    /// Where videos are stored.
    pub(crate) storage: Storage,
    /// Sends webhooks to addresses that users chose.
    pub(crate) poster: Poster,
    /// The upstreams, and what is known about them.
    pub(crate) upstreams: Upstreams,
    /// Whether the database is the one with which the processors worked last.
    pub(crate) database_state: DatabaseState,
    /// How long jobs take, for the remaining time shown to users.
    pub(crate) estimates: job::Estimates,
    /// Memory for reference images, in KiB.
    pub(crate) image_memory: Arc<Semaphore>,
    /// Makes posters.
    pub(crate) inspector: Inspector,
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
        let poster = Poster::new(config.webhook_allow.clone())?;
        let (upstreams, queues) = (Upstreams::open(&config)?, Queues::new(&bus, config.pools()));
        let inspector = Inspector::detect(&config.programs).await;
        let transitions = Arc::new(Transitions::new(&db, config.caps));
        Ok(Self {
            config,
            db,
            transitions,
            write_check: WriteCheck::default(),
            bus,
            storage,
            queues,
            poster,
            upstreams,
            database_state: DatabaseState::default(),
            estimates: job::Estimates::default(),
            image_memory: Arc::new(Semaphore::new(IMAGE_MEMORY_KIB as usize)),
            inspector,
        })
    }

    /// The queue of a job: that of its model's pool.
    pub(crate) fn queue_of(&self, job: &job::Model) -> Queue {
        self.queues.of_pool(self.config.catalogue.queue_of(&job.model))
    }
}
