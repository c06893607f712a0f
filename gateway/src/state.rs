//! What the handlers share: one value, cheap to clone, made once at start.

use std::ops::Deref;
use std::sync::Arc;

use bus::Bus;
use entity::job::Estimates;
use entity::schema::Mismatch;
use entity::{DatabaseConnection, DbErr};
use service::settings::AppEnv;
use storage::Storage;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{AuthState, PasswordError};
use crate::config::Config;
use crate::http::origin::Origins;
use crate::http::throttle::Throttle;
use crate::http::trusted_proxies::TrustedProxies;
use crate::images::UploadLimit;
use crate::live::LiveState;
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

/// A gateway: its configuration, its connections, and the state of each part.
#[derive(Clone)]
pub struct Gateway(Arc<Shared>);

/// See [`Gateway`].
pub struct Shared {
    pub(crate) config: Config,
    pub(crate) db: DatabaseConnection,
    pub(crate) bus: Bus,
    pub(crate) storage: Storage,
    /// Passwords, tokens, and the sessions known to be active.
    pub(crate) auth: AuthState,
    /// The origins and hosts that requests may come from and be sent to.
    pub(crate) origins: Origins,
    /// How much clients may do.
    pub(crate) limits: Limits,
    /// What the video handlers need.
    pub(crate) videos: VideoState,
    /// The websockets.
    pub(crate) live: LiveState,
    /// What to wait for at shutdown.
    pub(crate) shutdown: Shutdown,
}

/// How much clients may do.
pub(crate) struct Limits {
    /// Requests within a time.
    pub(crate) throttle: Throttle,
    /// UploadLimit at the same time.
    pub(crate) uploads: UploadLimit,
}

/// What the video handlers need.
pub(crate) struct VideoState {
    /// How long jobs are likely to take.
    pub(crate) estimates: Estimates,
    /// Signs share links.
    pub(crate) share_links: Signer,
}

/// What to wait for at shutdown.
pub(crate) struct Shutdown {
    /// Websockets and jobs being enqueued.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the websockets have to go.
    pub(crate) started: CancellationToken,
}

impl Gateway {
    /// Opens everything that `config` names. Redis may be away.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let db = entity::database::open_with_retry(config.settings.database_url.expose()).await?;
        let secret = config.auth.jwt_secret.expose().as_bytes();
        Ok(Self(Arc::new(Shared {
            bus: Bus::new(config.settings.redis_url.expose(), &config.settings.redis_namespace)?,
            storage: Storage::open(&config.storage)?,
            auth: AuthState::new(&config.auth)?,
            origins: Origins::new(&config.http.origins),
            limits: Limits { throttle: Throttle::default(), uploads: UploadLimit::new() },
            videos: VideoState { estimates: Estimates::default(), share_links: Signer::new(secret, "share links") },
            live: LiveState::new(&config.sockets),
            shutdown: Shutdown { tasks: TaskTracker::new(), started: CancellationToken::new() },
            db,
            config,
        })))
    }

    /// In production, while there is no first account: prints the one-time token that makes one administrator. All
    /// gateways with the same secret print the same.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn announce_setup_token(&self) -> Result<(), DbErr> {
        if self.config.settings.app_env != AppEnv::Demo && entity::setup::is_open(&self.db).await? {
            let (token, url) = (&self.auth.setup_token, self.config.http.public_url.as_str());
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

/// For the client addresses in requests.
impl AsRef<TrustedProxies> for Gateway {
    fn as_ref(&self) -> &TrustedProxies {
        &self.config.http.trusted_proxies
    }
}
