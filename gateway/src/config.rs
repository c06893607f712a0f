//! The gateway's configuration, read from environment variables only. All invalid variables are reported at once.

mod auth;
mod background;
mod catalogue;
mod http;
mod quotas;
mod rates;
mod sockets;

use std::num::NonZeroU32;

use ::catalogue::Catalogue;
use entity::budget::Budgets;
use fetch::Origin;
use service::env::Environment;
use service::settings::{self, Settings};
use storage::StorageConfig;

pub use auth::{Auth, Registration};
pub use background::Background;
pub use http::{Connections, Http, Timeouts};
pub use quotas::Quotas;
pub use rates::Rates;
pub use sockets::{SocketTimings, Sockets};

pub(crate) use http::{EVERYWHERE, listen};

/// Open files for everything but connections: the database, Redis, the storage.
const RESERVED_FILES: usize = 256;

/// The gateway's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Settings shared with the other processes.
    pub settings: Settings,
    /// Where videos and images are stored (`STORAGE_URL` and related variables).
    pub storage: StorageConfig,
    /// The HTTP server.
    pub http: Http,
    /// Accounts and sessions.
    pub auth: Auth,
    /// Models with their lengths, sizes and prices: `SORA_CATALOGUE`, or `SORA_MODELS`, `SORA_SECONDS`, `SORA_SIZES` and
    /// `SORA_FREE`.
    pub catalogue: Catalogue,
    /// What may be spent: `BUDGET_PER_USER_PER_DAY`, `BUDGET_PER_USER_PER_MONTH`, `BUDGET_PER_DAY`, `BUDGET_PER_MONTH`. The
    /// processors enforce it.
    pub budgets: Budgets,
    /// Limits per user.
    pub quotas: Quotas,
    /// Websockets.
    pub sockets: Sockets,
    /// Background tasks.
    pub background: Background,
    /// `WEBHOOK_ALLOW`: origins that webhooks may be sent to although they are not public or not `https`, as host:port,
    /// comma-separated (default none).
    pub webhook_allow: Vec<Origin>,
}

impl Config {
    /// Reads all variables. Returns `None` if `env` has collected errors.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let settings = settings::read(env);
        let storage = StorageConfig::read(env);
        let app_env = settings::peek_app_env(env);
        let http = Http::read(env, app_env);
        let auth = Auth::read(env, app_env);
        let catalogue = catalogue::read(env);
        let budgets = catalogue.as_ref().and_then(|catalogue| catalogue.budgets(env));
        let quotas = Quotas::read(env);
        let sockets = Sockets::read(env);
        let background = Background::read(env);
        let webhook_allow = env.or("WEBHOOK_ALLOW", "", Origin::parse_list);
        Some(Self {
            settings: settings?,
            storage: storage?,
            http: http?,
            auth: auth?,
            catalogue: catalogue?,
            budgets: budgets?,
            quotas: quotas?,
            sockets: sockets?,
            background: background?,
            webhook_allow: webhook_allow?,
        })
    }

    /// Lowers the numbers of connections and websockets to what `files`, the limit on open files, allows.
    pub fn fit_to_file_limit(&mut self, files: u64) {
        let available = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(RESERVED_FILES).max(2);
        let total = self.http.connections.total.min(available / 2);
        let left = u32::try_from(available - total).unwrap_or(u32::MAX);
        let sockets = self.sockets.max.min(NonZeroU32::new(left).unwrap_or(NonZeroU32::MIN));
        if (total, sockets) != (self.http.connections.total, self.sockets.max) {
            tracing::warn!(
                files,
                connections = total,
                websockets = sockets,
                "raise the limit on open files to serve more"
            );
        }
        (self.http.connections.total, self.sockets.max) = (total, sockets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Origin as UrlOrigin;

    const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let config = Config::read(&mut env);
        env.finish(config).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn production_requires_url_and_secret_and_closes_registration() {
        let mistakes = read(&[]).unwrap_err();
        assert!(mistakes.contains("PUBLIC_URL") && mistakes.contains("JWT_SECRET"), "{mistakes}");
        let config = read(&[("PUBLIC_URL", "https://sora.example"), ("JWT_SECRET", SECRET)]).unwrap();
        assert_eq!(config.auth.registration, Registration::Closed);
        assert_eq!(config.http.origins.len(), 1);
        assert_eq!(config.http.listen.to_string(), "0.0.0.0:3000");
    }

    #[test]
    fn the_demo_has_defaults_for_everything_but_the_secret() {
        let config = read(&[("APP_ENV", "demo"), ("JWT_SECRET", SECRET), ("BACKEND_PORT", "8080")]).unwrap();
        assert_eq!(config.auth.registration, Registration::Open);
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.http.public_url.as_str(), "http://localhost:8080/");
        let origins: Vec<_> = config.http.origins.iter().map(UrlOrigin::ascii_serialization).collect();
        assert_eq!(origins, ["http://localhost:8080", "http://127.0.0.1:8080", "http://localhost:8080"]);
        let sizes = ["1280x720", "720x1280"].map(|size| size.parse().unwrap());
        assert_eq!(config.catalogue, Catalogue::from_models(vec!["sora2".into()], &[10, 15], &sizes, false));
    }

    #[test]
    fn the_catalogue_file_replaces_the_variables() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/catalogue.example.toml");
        let set = [("APP_ENV", "demo"), ("JWT_SECRET", SECRET), ("SORA_CATALOGUE", file), ("SORA_SECONDS", "ten")];
        assert!(read(&set).unwrap().catalogue.from_file);
        let mistakes = read(&[("APP_ENV", "demo"), ("JWT_SECRET", SECRET), ("SORA_CATALOGUE", file!())]).unwrap_err();
        assert!(mistakes.contains("SORA_CATALOGUE: the file"), "{mistakes}");
    }

    #[test]
    fn videos_without_an_orientation_are_landscape() {
        let set = [("APP_ENV", "demo"), ("JWT_SECRET", SECRET), ("SORA_SIZES", "720x1280,1280x720")];
        let config = read(&set).unwrap();
        assert_eq!(config.catalogue.models[0].sizes[0].to_string(), "1280x720");
    }

    #[test]
    fn connections_fit_to_the_limit_on_open_files() {
        let mut config = read(&[("APP_ENV", "demo"), ("JWT_SECRET", SECRET)]).unwrap();
        config.fit_to_file_limit(u64::MAX);
        assert_eq!((config.http.connections.total, config.sockets.max.get()), (4_096, 10_000));
        config.fit_to_file_limit(1_024);
        assert_eq!((config.http.connections.total, config.sockets.max.get()), (384, 384));
        config.fit_to_file_limit(10);
        assert_eq!((config.http.connections.total, config.sockets.max.get()), (1, 1));
    }

    #[test]
    fn reports_all_invalid_variables_without_their_values() {
        let wrong = [
            ("APP_ENV", "demo"),
            ("BACKEND_HOST", "nowhere"),
            ("BACKEND_PORT", "99999"),
            ("BACKEND_SHARE_PORT", "perhaps"),
            ("PUBLIC_URL", "https://sora.example/path"),
            ("ALLOWED_ORIGINS", "https://a.example,b.example"),
            ("JWT_SECRET", "hunter2"),
            ("JWT_EXPIRES_IN", "soon"),
            ("REGISTRATION", "maybe"),
            ("FRONTEND_DIST", "/nonexistent"),
            ("SORA_MODELS", "a,,b"),
            ("SORA_SECONDS", "ten"),
            ("SORA_SIZES", "1280x720"),
            ("DAILY_SUBMISSIONS_PER_USER", "all"),
            ("READS_PER_MINUTE", "many"),
            ("WRITES_PER_MINUTE", "-1"),
            ("SIGN_INS_PER_ACCOUNT", "few"),
            ("SIGN_INS_PER_ADDRESS", "few"),
            ("MAX_WAITING_PER_USER", "all"),
            ("TRUSTED_PROXIES", "proxy.internal"),
            ("MAX_SOCKETS", "0"),
            ("SNAPSHOTS_PER_SECOND", "2000000000"),
            ("SORA_FREE", "perhaps"),
            ("WEBHOOK_ALLOW", "10.0.0.1"),
        ];
        let mistakes = read(&wrong).unwrap_err();
        for (name, _) in &wrong[1..] {
            assert!(mistakes.contains(name), "{name} is missing in {mistakes}");
        }
        assert!(!mistakes.contains("hunter2"));
        let one = read(&[("APP_ENV", "demo"), ("REDIS_NAMESPACE", "{}")]).unwrap_err();
        assert!(
            one.contains("REDIS_NAMESPACE") && !one.contains("PUBLIC_URL"),
            "one error must not cause others: {one}"
        );
    }
}
