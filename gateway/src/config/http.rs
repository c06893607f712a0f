//! Addresses, origins and timeouts of the HTTP server.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use service::env::{self, Environment};
use service::settings::AppEnv;
use url::{Origin, Url};

use crate::config::Rates;
use crate::http::trusted_proxies::TrustedProxies;

/// The HTTP server.
#[derive(Clone, Debug)]
pub struct Http {
    /// `BACKEND_HOST` (default `0.0.0.0`; in the demo `127.0.0.1`) and `BACKEND_PORT` (default 3000).
    pub listen: SocketAddr,
    /// `BACKEND_SHARE_PORT`: `true` lets several gateways of the same system user listen on the port, so that a new one can
    /// start before the old one stops (default `false`: a port in use is an error).
    pub share_port: bool,
    /// `PUBLIC_URL`: URL of the page as users open it. Required in production; otherwise `http://localhost:PORT`.
    pub public_url: Url,
    /// Allowed origins of pages: `PUBLIC_URL` and `ALLOWED_ORIGINS` (comma-separated); outside production also
    /// `http://localhost:PORT` and `http://127.0.0.1:PORT`.
    pub origins: Vec<Origin>,
    /// `ALLOWED_ORIGINS` (default none). Their pages embed videos and images of this server, and the page may call the API there.
    pub other_origins: Vec<Origin>,
    /// `FRONTEND_DIST`: folder of the built page; unset = no page is served.
    pub frontend_dist: Option<PathBuf>,
    /// `TRUSTED_PROXIES`: comma-separated addresses and CIDR ranges of the proxies whose `X-Forwarded-For` is trusted
    /// (default none).
    pub trusted_proxies: TrustedProxies,
    /// Rate limits.
    pub rates: Rates,
    /// Timeouts; not configurable.
    pub timeouts: Timeouts,
    /// Origins outside the public network from which reference images may be fetched. None, except in tests.
    pub fetch_allowed: Vec<fetch::Origin>,
    /// Maximum numbers of open connections; not configurable.
    pub connections: Connections,
}

/// Maximum numbers of open connections, not counting websockets. Constants that tests lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Of all clients.
    pub total: usize,
    /// Of one address or IPv6 /64. Trusted proxies are exempt.
    pub per_address: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self { total: 4_096, per_address: 1_024 }
    }
}

/// How long requests, and what they wait for, may take. Constants that tests shorten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Time to receive a request's headers, from the start of the connection or the end of the previous request.
    pub head: Duration,
    /// Time in which a client must read some part of a response that waits for it.
    pub stall: Duration,
    /// Time from a request to the headers of its response.
    pub request: Duration,
    /// The same for image uploads.
    pub upload: Duration,
    /// Time to enqueue a committed job, or to notify others of a change, before the response is sent without it.
    pub enqueue: Duration,
    /// Time to read queue positions before the response is sent without them.
    pub positions: Duration,
    /// Time for each check of `/readyz`.
    pub probe: Duration,
    /// Time for open requests and tasks to finish at shutdown.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            request: Duration::from_secs(30),
            upload: Duration::from_secs(180),
            enqueue: Duration::from_secs(1),
            positions: Duration::from_millis(300),
            probe: Duration::from_secs(2),
            drain: Duration::from_secs(5),
        }
    }
}

impl Http {
    /// Reads the variables above. Returns `None` if `env` has collected errors.
    pub(super) fn read(env: &mut Environment<'_>, app_env: AppEnv) -> Option<Self> {
        let listen = listen(env, if app_env == AppEnv::Demo { "127.0.0.1" } else { EVERYWHERE });
        let share_port = env.or("BACKEND_SHARE_PORT", "false", env::flag);
        let port = listen.map(|listen| listen.port());
        let public_url = public_url(env, app_env, port);
        let allowed = env.or("ALLOWED_ORIGINS", "", origins);
        let frontend_dist = env.optional("FRONTEND_DIST", page);
        let rates = Rates::read(env);
        let trusted_proxies = env.or("TRUSTED_PROXIES", "", TrustedProxies::parse);
        let mut known = local_origins(app_env, port?);
        known.push(public_url.as_ref()?.origin());
        let other_origins = allowed?;
        known.extend(other_origins.iter().cloned());
        Some(Self {
            listen: listen?,
            share_port: share_port?,
            public_url: public_url?,
            origins: known,
            other_origins,
            frontend_dist,
            trusted_proxies: trusted_proxies?,
            rates: rates?,
            timeouts: Timeouts::default(),
            fetch_allowed: Vec::new(),
            connections: Connections::default(),
        })
    }

    /// Whether users open the page over HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// All IPv4 addresses of this machine.
pub(crate) const EVERYWHERE: &str = "0.0.0.0";

/// Reads the address to listen on; `host` is the default of `BACKEND_HOST`.
pub(crate) fn listen(env: &mut Environment<'_>, host: &str) -> Option<SocketAddr> {
    let host = env.or("BACKEND_HOST", host, ip);
    let port = env.or("BACKEND_PORT", "3000", env::number::<u16>);
    Some(SocketAddr::new(host?, port?))
}

fn public_url(env: &mut Environment<'_>, app_env: AppEnv, port: Option<u16>) -> Option<Url> {
    match (app_env, port) {
        (AppEnv::Production, _) => {
            env.required("PUBLIC_URL", "the URL that users open, such as https://sora.example", site)
        }
        (_, port) => env.or("PUBLIC_URL", &format!("http://localhost:{}", port.unwrap_or(3000)), site),
    }
}

/// Outside production the page may be opened under either local name.
fn local_origins(app_env: AppEnv, port: u16) -> Vec<Origin> {
    let names: &[&str] = if app_env == AppEnv::Production { &[] } else { &["localhost", "127.0.0.1"] };
    names.iter().filter_map(|name| Url::parse(&format!("http://{name}:{port}")).ok()).map(|url| url.origin()).collect()
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

fn page(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    if folder.join("index.html").is_file() {
        Ok(folder)
    } else {
        Err("must be a folder that contains index.html".into())
    }
}
