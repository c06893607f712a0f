//! The gateway's configuration: environment only, parsed into final types, all mistakes reported at once.

mod catalogue;
mod http;
mod sockets;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use service::env::{self, Environment, Secret};
use service::settings::{self, AppEnv, Settings};
use storage::Place;
use url::{Origin, Url};

use crate::http::client_address::{self, Range};

pub use catalogue::{Catalogue, Size};
pub use http::Rates;
pub use sockets::Sockets;

/// Who may open an account (`REGISTRATION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everybody who reaches the page.
    Open,
    /// Nobody.
    Closed,
}

/// How long things may take. Constants of the protocol, not settings; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// From the beginning of a connection, or the end of the request before, to the end of a request's head.
    pub head: Duration,
    /// A request, up to the head of its response.
    pub request: Duration,
    /// The same where a picture is sent.
    pub upload: Duration,
    /// Putting a committed job in line, before the answer goes out without that.
    pub enqueue: Duration,
    /// Asking for places in line, before the answer goes out without them.
    pub positions: Duration,
    /// A session's cached state.
    pub session_cache: Duration,
    /// Each check of `/readyz`.
    pub probe: Duration,
    /// A websocket's first message.
    pub hello: Duration,
    /// Between two heartbeats of a websocket.
    pub heartbeat: Duration,
    /// How many heartbeats in a row may go unanswered.
    pub missed: u32,
    /// In which a websocket's client may send ten messages.
    pub commands: Duration,
    /// A websocket's client taking what is sent to it.
    pub flush: Duration,
    /// Between two looks at the sessions of open websockets.
    pub sessions: Duration,
    /// Between two looks at the places in line of waiting jobs.
    pub places: Duration,
    /// Between two looks whether somebody was not told something.
    pub reconcile: Duration,
    /// What an event takes at most from its commit to the sockets.
    pub under_way: Duration,
    /// What is under way at shutdown.
    pub drain: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
            request: Duration::from_secs(30),
            upload: Duration::from_secs(180),
            enqueue: Duration::from_secs(1),
            positions: Duration::from_millis(300),
            session_cache: Duration::from_secs(5),
            probe: Duration::from_secs(2),
            hello: Duration::from_secs(5),
            heartbeat: Duration::from_secs(25),
            missed: 2,
            commands: Duration::from_secs(1),
            flush: Duration::from_secs(10),
            sessions: Duration::from_secs(10),
            places: Duration::from_secs(2),
            reconcile: Duration::from_secs(60),
            under_way: Duration::from_secs(1),
            drain: Duration::from_secs(5),
        }
    }
}

/// Everything the gateway needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// What other processes read too.
    pub settings: Settings,
    /// `STORAGE_URL` and what it needs: where videos and images lie.
    pub storage: Place,
    /// `BACKEND_HOST` (default `0.0.0.0`, in the demo `127.0.0.1`) and `BACKEND_PORT` (default 3000).
    pub listen: SocketAddr,
    /// `BACKEND_SHARE_PORT`: `true` lets another gateway of the same system user listen on the port too, so that a new one
    /// can begin before the old one ends (default `false`: a port that is taken is an error).
    pub share_port: bool,
    /// `PUBLIC_URL`: where people reach the page. Required in production, otherwise `http://localhost:PORT`.
    pub public_url: Url,
    /// The origins pages may come from: `PUBLIC_URL` and `ALLOWED_ORIGINS` (comma-separated); outside production also
    /// `http://localhost:PORT` and `http://127.0.0.1:PORT`.
    pub origins: Vec<Origin>,
    /// `JWT_SECRET` (or `JWT_SECRET_FILE`): signs the sessions' tokens; at least 32 bytes, required.
    pub jwt_secret: Secret,
    /// `JWT_EXPIRES_IN`: how long a sign-in lasts (default `7d`).
    pub jwt_expires_in: Duration,
    /// `REGISTRATION`: `open` or `closed` (default: closed in production, else open).
    pub registration: Registration,
    /// `FRONTEND_DIST`: the built page's folder; unset = no page.
    pub frontend_dist: Option<PathBuf>,
    /// `SORA_MODELS`, `SORA_SECONDS`, `SORA_SIZES`, `SORA_FREE`.
    pub catalogue: Catalogue,
    /// `DAILY_SUBMISSIONS_PER_USER`: most submissions of one user in a UTC day, the processor's too; 0 (default) = no cap.
    pub daily_submissions: u32,
    /// How much one client may do.
    pub rates: Rates,
    /// `MAX_WAITING_PER_USER`: jobs of one user that may wait at a time (default 1000); 0 = without a limit.
    pub max_waiting: u64,
    /// `STORAGE_QUOTA_PER_USER`: bytes that one user's videos and images may take; 0 (default) = without a limit.
    pub storage_quota: u64,
    /// `TRUSTED_PROXIES`: addresses and ranges of the proxies in front, comma-separated (default none). Their
    /// `X-Forwarded-For` says where a client is.
    pub trusted_proxies: Vec<Range>,
    /// How many websockets.
    pub sockets: Sockets,
    /// No variables.
    pub timings: Timings,
}

impl Config {
    /// Reads the configuration; `None` when `env` has noted mistakes.
    pub fn read(env: &mut Environment<'_>) -> Option<Self> {
        let settings = settings::read(env);
        let storage = Place::read(env);
        let app_env = settings::kind(env);
        let listen = listen(env, if app_env == AppEnv::Demo { "127.0.0.1" } else { EVERYWHERE });
        let share_port = env.or("BACKEND_SHARE_PORT", "false", env::flag);
        let port = listen.map(|listen| listen.port());
        let public_url = public_url(env, app_env, port);
        let allowed = env.or("ALLOWED_ORIGINS", "", origins);
        let jwt_secret = jwt_secret(env);
        let jwt_expires_in = env.or("JWT_EXPIRES_IN", "7d", env::duration);
        let registration = if app_env == AppEnv::Production { "closed" } else { "open" };
        let registration = env.or("REGISTRATION", registration, parse_registration);
        let frontend_dist = env.optional("FRONTEND_DIST", page);
        let catalogue = Catalogue::read(env);
        let daily_submissions = env.or("DAILY_SUBMISSIONS_PER_USER", "0", env::number);
        let rates = Rates::read(env);
        let max_waiting = env.or("MAX_WAITING_PER_USER", "1000", env::number);
        let storage_quota = env.or("STORAGE_QUOTA_PER_USER", "0", env::number);
        let trusted_proxies = env.or("TRUSTED_PROXIES", "", client_address::ranges);
        let sockets = Sockets::read(env);
        let mut known = local_origins(app_env, port?);
        known.push(public_url.as_ref()?.origin());
        known.extend(allowed?);
        Some(Self {
            settings: settings?,
            storage: storage?,
            listen: listen?,
            share_port: share_port?,
            public_url: public_url?,
            origins: known,
            jwt_secret: jwt_secret?,
            jwt_expires_in: jwt_expires_in?,
            registration: registration?,
            frontend_dist,
            catalogue: catalogue?,
            daily_submissions: daily_submissions?,
            rates: rates?,
            max_waiting: max_waiting?,
            storage_quota: storage_quota?,
            trusted_proxies: trusted_proxies?,
            sockets: sockets?,
            timings: Timings::default(),
        })
    }
}

/// All addresses of this machine.
pub(crate) const EVERYWHERE: &str = "0.0.0.0";

/// Where the gateway listens: `BACKEND_HOST`, or `host`, and `BACKEND_PORT`.
pub(crate) fn listen(env: &mut Environment<'_>, host: &str) -> Option<SocketAddr> {
    let host = env.or("BACKEND_HOST", host, ip);
    let port = env.or("BACKEND_PORT", "3000", env::number::<u16>);
    Some(SocketAddr::new(host?, port?))
}

fn public_url(env: &mut Environment<'_>, app_env: AppEnv, port: Option<u16>) -> Option<Url> {
    match (app_env, port) {
        (AppEnv::Production, _) => {
            env.required("PUBLIC_URL", "the address people open, such as https://sora.example", site)
        }
        (_, port) => env.or("PUBLIC_URL", &format!("http://localhost:{}", port.unwrap_or(3000)), site),
    }
}

/// Outside production a page may be opened by either name of this machine.
fn local_origins(app_env: AppEnv, port: u16) -> Vec<Origin> {
    let names: &[&str] = if app_env == AppEnv::Production { &[] } else { &["localhost", "127.0.0.1"] };
    names.iter().filter_map(|name| Url::parse(&format!("http://{name}:{port}")).ok()).map(|url| url.origin()).collect()
}

fn jwt_secret(env: &mut Environment<'_>) -> Option<Secret> {
    let Some(secret) = env.secret("JWT_SECRET") else {
        env.mistake("JWT_SECRET", "is not set; set it to 32 or more random bytes, as from `openssl rand -hex 32`");
        return None;
    };
    match weakness(secret.expose()) {
        None => Some(secret),
        Some(weakness) => {
            env.mistake("JWT_SECRET", format!("{weakness}; take one from `openssl rand -hex 32`"));
            None
        }
    }
}

/// Fewest different bytes in a secret: 32 random hexadecimal digits all but never have fewer.
const VARIETY: usize = 8;

fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let well_known = ["change", "secret", "your", "jwt", "password", "example", "default", "test"];
    let variety = secret.bytes().collect::<std::collections::HashSet<_>>().len();
    if secret.len() < 32 {
        Some("is shorter than 32 bytes")
    } else if well_known.iter().any(|word| lower.starts_with(word)) {
        Some("begins like the values that stand in examples")
    } else if variety < VARIETY {
        Some("repeats too few characters")
    } else {
        None
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "must be an IP address such as 127.0.0.1".to_owned())
}

fn site(text: &str) -> Result<Url, String> {
    let url = env::http_url(text)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if bare { Ok(url) } else { Err("must be an origin without a path, such as https://sora.example".into()) }
}

fn origins(text: &str) -> Result<Vec<Origin>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| site(entry).map(|url| url.origin())).collect()
}

fn parse_registration(text: &str) -> Result<Registration, String> {
    match text {
        "open" => Ok(Registration::Open),
        "closed" => Ok(Registration::Closed),
        _ => Err("must be open or closed".into()),
    }
}

fn page(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    if folder.join("index.html").is_file() { Ok(folder) } else { Err("must be a folder that holds index.html".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b";

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut env = Environment::new(&lookup);
        let config = Config::read(&mut env);
        env.finish(config).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn is_strict_in_production() {
        let mistakes = read(&[]).unwrap_err();
        assert!(mistakes.contains("PUBLIC_URL") && mistakes.contains("JWT_SECRET"), "{mistakes}");
        let config = read(&[("PUBLIC_URL", "https://sora.example"), ("JWT_SECRET", SECRET)]).unwrap();
        assert_eq!(config.registration, Registration::Closed);
        assert_eq!(config.origins.len(), 1);
        assert_eq!(config.listen.to_string(), "0.0.0.0:3000");
    }

    #[test]
    fn has_usable_defaults_for_the_demo() {
        let config = read(&[("APP_ENV", "demo"), ("JWT_SECRET", SECRET), ("BACKEND_PORT", "8080")]).unwrap();
        assert_eq!(config.registration, Registration::Open);
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url.as_str(), "http://localhost:8080/");
        let origins: Vec<_> = config.origins.iter().map(Origin::ascii_serialization).collect();
        assert_eq!(origins, ["http://localhost:8080", "http://127.0.0.1:8080", "http://localhost:8080"]);
        assert_eq!(
            config.catalogue,
            Catalogue {
                models: vec!["sora2".into()],
                seconds: vec![10, 15],
                sizes: vec![Size { width: 1280, height: 720 }, Size { width: 720, height: 1280 }],
                free: false,
            }
        );
    }

    #[test]
    fn refuses_secrets_that_others_know() {
        for weak in ["short", "change_me_please_change_me_please_now", "secretsecretsecretsecretsecretsecret12"] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        assert!(weakness(&"a".repeat(64)).is_some());
        assert!(weakness(&"abcd".repeat(16)).is_some());
        assert_eq!(weakness(SECRET), None);
    }

    #[test]
    fn names_every_wrong_variable_at_once_and_no_value() {
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
        ];
        let mistakes = read(&wrong).unwrap_err();
        for (name, _) in &wrong[1..] {
            assert!(mistakes.contains(name), "{name} is missing in {mistakes}");
        }
        assert!(!mistakes.contains("hunter2"));
        let one = read(&[("APP_ENV", "demo"), ("REDIS_NAMESPACE", "{}")]).unwrap_err();
        assert!(one.contains("REDIS_NAMESPACE") && !one.contains("PUBLIC_URL"), "one mistake makes no other: {one}");
    }
}
