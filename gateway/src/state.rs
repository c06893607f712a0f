//! What the handlers share: one value, cheap to clone, made once at start.

use std::ops::Deref;
use std::sync::Arc;

use bus::Bus;
use entity::job::Estimates;
use entity::schema::Mismatch;
use entity::{DatabaseConnection, DbErr};
use service::settings::AppEnv;
use storage::Storage;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{PasswordError, Passwords, Sessions, Tokens};
use crate::config::Config;
use crate::http::origin::Origins;
use crate::http::throttle::Throttle;
use crate::images::Uploads;
use crate::live::{Hub, Live};
use crate::secret::Signer;

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database does not answer, or its schema is not this program's.
    #[error(transparent)]
    Database(#[from] Mismatch),
    /// The place for videos cannot be used.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// `REDIS_URL` is malformed.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
}

/// A gateway: its configuration, its connections, and what it knows of its clients.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

/// See [`Gateway`].
pub struct Shared {
    pub(crate) config: Config,
    pub(crate) db: DatabaseConnection,
    pub(crate) bus: Bus,
    pub(crate) storage: Storage,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) origins: Origins,
    pub(crate) throttle: Throttle,
    pub(crate) uploads: Uploads,
    /// How long jobs are likely to take.
    pub(crate) estimates: Estimates,
    /// Signs share links.
    pub(crate) shares: Signer,
    /// Makes the one-time token of the first administrator.
    pub(crate) setup_token: String,
    pub(crate) hub: Hub,
    pub(crate) live: Live,
    /// How many sockets may read their snapshots at a time, so that a reconnecting crowd leaves connections for others.
    pub(crate) snapshots: Semaphore,
    /// Websockets and jobs being enqueued, to be waited for at shutdown.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the websockets have to go.
    pub(crate) stopping: CancellationToken,
}

/// The one-time token that makes the first administrator: the same for all gateways with this `JWT_SECRET`.
#[must_use]
pub fn setup_token(secret: &str) -> String {
    Signer::new(secret.as_bytes(), "set-up").sign("first administrator")
}

/// See [`Shared::snapshots`]; fewer than the pool has connections.
const SNAPSHOTS_AT_A_TIME: usize = 4;

impl Gateway {
    /// Opens everything that `config` names. Redis may be away.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let db = entity::database::open_and_wait(config.settings.database_url.expose()).await?;
        let secret = config.jwt_secret.expose().as_bytes();
        Ok(Self(Arc::new(Shared {
            bus: Bus::new(config.settings.redis_url.expose(), &config.settings.redis_namespace)?,
            storage: Storage::open(&config.storage)?,
            passwords: Passwords::new()?,
            tokens: Tokens::new(secret),
            sessions: Sessions::new(config.timings.session_cache),
            origins: Origins::new(&config.origins),
            throttle: Throttle::default(),
            uploads: Uploads::new(),
            estimates: Estimates::default(),
            shares: Signer::new(secret, "share links"),
            setup_token: setup_token(config.jwt_secret.expose()),
            hub: Hub::default(),
            live: Live::new(&config.sockets),
            snapshots: Semaphore::new(SNAPSHOTS_AT_A_TIME),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            db,
            config,
        })))
    }
}

impl Gateway {
    /// In production, while there is no first account: prints the one-time token that makes one administrator. All
    /// gateways with the same secret print the same.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn offer_setup(&self) -> Result<(), DbErr> {
        if self.config.settings.app_env != AppEnv::Demo && entity::setup::is_open(&self.db).await? {
            let (token, url) = (&self.setup_token, self.config.public_url.as_str());
            tracing::warn!(
                setup_token = token,
                url,
                "nobody is administrator yet: register once with this set-up token"
            );
        }
        Ok(())
    }
}

impl Deref for Gateway {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
