//! The state that handlers share, grouped by the part that uses it. Created once at start; cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use bus::{Bus, Queue, Queues};
use entity::job::Estimates;
use entity::schema::Mismatch;
use entity::writability::WriteCheck;
use entity::{DatabaseConnection, DbErr};
use fetch::{Fetcher, Rules};
use service::settings::AppEnv;
use storage::{Expected, Storage};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{AuthState, PasswordError};
use crate::config::Config;
use crate::fair_queue::FairQueue;
use crate::http::origin::Origins;
use crate::http::throttle::Throttle;
use crate::http::trusted_proxies::TrustedProxies;
use crate::images::upload;
use crate::images::upload_limit::UploadLimit;
use crate::live::state::LiveState;
use crate::secret::Signer;
use crate::videos::batches::Batches;

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not answer, or has another schema version.
    #[error(transparent)]
    Database(#[from] Mismatch),
    /// The storage cannot be used.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// `REDIS_URL` is invalid.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The client for images at addresses that users name cannot be built.
    #[error(transparent)]
    Fetcher(#[from] fetch::Error),
}

/// A handle to the shared state.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

/// The configuration, the connections, and the state of each part.
pub struct Shared {
    pub(crate) config: Config,
    pub(crate) db: DatabaseConnection,
    /// Whether the database accepts writes.
    pub(crate) write_check: WriteCheck,
    pub(crate) bus: Bus,
    /// The queues of all pools.
    pub(crate) queues: Queues,
    pub(crate) storage: Storage,
    /// Passwords, tokens, and cached sessions.
    pub(crate) auth: AuthState,
    /// Allowed origins and host names.
    pub(crate) origins: Origins,
    /// Limits on rates, uploads and queries.
    pub(crate) limits: Limits,
    /// Batches of jobs, estimates, and links.
    pub(crate) videos: VideoState,
    /// Reference images.
    pub(crate) images: ImageState,
    /// Websockets.
    pub(crate) live: LiveState,
    /// Background tasks, and the signal to stop.
    pub(crate) shutdown: Shutdown,
}

/// Maximum number of heavy queries at a time; a part of the connections to the database.
const MAX_HEAVY_QUERIES: usize = 3;

/// Maximum number of heavy queries that wait.
const MAX_WAITING_QUERIES: usize = 64;

/// Limits on rates, uploads and queries.
pub(crate) struct Limits {
    /// Limits on requests per time.
    pub(crate) throttle: Throttle,
    /// Limits on simultaneous uploads.
    pub(crate) uploads: UploadLimit,
    /// Queries that read many rows: searches for text, and figures of the whole platform.
    pub(crate) heavy_queries: FairQueue,
}

/// Jobs and videos.
pub(crate) struct VideoState {
    /// Creates, enqueues and reads jobs, many at a time.
    pub(crate) batches: Batches,
    /// Estimates of how long jobs take.
    pub(crate) estimates: Estimates,
    /// Signs share links.
    pub(crate) share_links: Signer,
    /// Signs file links.
    pub(crate) file_links: Signer,
}

/// Reference images.
pub(crate) struct ImageState {
    /// Fetches images from addresses that users name.
    pub(crate) fetcher: Fetcher,
}

/// Background tasks, and the signal to stop.
pub(crate) struct Shutdown {
    /// Tasks to wait for at shutdown: websockets, and work that must complete, such as enqueueing a committed job.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when websockets have to close.
    pub(crate) started: CancellationToken,
}

impl Gateway {
    /// Opens database and storage. Redis may be unreachable.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let db = entity::database::open_with_retry(config.settings.database_url.expose()).await?;
        let secret = config.auth.jwt_secret.expose().as_bytes();
        let bus = Bus::new(config.settings.redis_url.expose(), &config.settings.redis_namespace)?;
        let queues = Queues::new(&bus, config.catalogue.pools.iter().map(|pool| pool.name.as_str()));
        Ok(Self(Arc::new(Shared {
            storage: Storage::open(&config.storage)?,
            auth: AuthState::new(&config.auth)?,
            origins: Origins::new(&config.http.origins),
            limits: Limits {
                throttle: Throttle::default(),
                uploads: UploadLimit::new(),
                heavy_queries: FairQueue::new(MAX_HEAVY_QUERIES, MAX_WAITING_QUERIES),
            },
            videos: VideoState {
                batches: Batches::start(&db, &queues),
                estimates: Estimates::default(),
                share_links: Signer::new(secret, "share links"),
                file_links: Signer::new(secret, "file links"),
            },
            images: ImageState { fetcher: Fetcher::new(image_rules(&config))? },
            live: LiveState::new(&config.sockets),
            shutdown: Shutdown { tasks: TaskTracker::new(), started: CancellationToken::new() },
            bus,
            queues,
            db,
            write_check: WriteCheck::default(),
            config,
        })))
    }

    /// The queue of a model's pool.
    pub(crate) fn queue_of(&self, model: &str) -> Queue {
        self.queues.of_pool(self.config.catalogue.queue_of(model))
    }

    /// The storage. Once a processor has recorded its id, no other is accepted, until an operator adopts one.
    pub(crate) async fn storage(&self) -> Result<&Storage, DbErr> {
        if (self.storage.expected() == Expected::Any || self.storage.is_wrong())
            && let Some(recorded) = entity::storage_id::recorded(&self.db).await?.filter(|recorded| recorded.written)
        {
            self.storage.expect(Expected::Id(recorded.storage_id));
        }
        Ok(&self.storage)
    }

    /// Logs the one-time setup token if there is no account yet, except in the demo. All gateways with the same
    /// `JWT_SECRET` log the same token.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub async fn announce_setup_token(&self) -> Result<(), DbErr> {
        if self.config.settings.app_env != AppEnv::Demo && entity::setup::is_open(&self.db).await? {
            let (token, url) = (&self.auth.setup_token, self.config.http.public_url.as_str());
            tracing::warn!(
                setup_token = token,
                url,
                "no administrator yet; open the sign-up page with this setup token"
            );
        }
        Ok(())
    }
}

/// An image is a file of limited size, on the public network.
fn image_rules(config: &Config) -> Rules {
    let allowed = config.http.fetch_allowed.clone();
    Rules { allowed, max_bytes: upload::MAX_BYTES as u64, named_in_json: |_, _| Vec::new(), credential: None }
}

impl Deref for Gateway {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// For [`ClientAddress`](crate::http::client_address::ClientAddress).
impl AsRef<TrustedProxies> for Gateway {
    fn as_ref(&self) -> &TrustedProxies {
        &self.config.http.trusted_proxies
    }
}
