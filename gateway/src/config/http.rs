//! Where the gateway listens, under which names it is reached, and how long a request may take.

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
    /// `FRONTEND_DIST`: the built page's folder; unset = no page.
    pub frontend_dist: Option<PathBuf>,
    /// `TRUSTED_PROXIES`: addresses and ranges of the proxies in front, comma-separated (default none). Their
    /// `X-Forwarded-For` says where a client is.
    pub trusted_proxies: TrustedProxies,
    /// How much one client may do.
    pub rates: Rates,
    /// No variables.
    pub timeouts: Timeouts,
}

/// How long a request and what it waits for may take. Constants, not settings; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
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
    /// Each check of `/readyz`.
    pub probe: Duration,
    /// What is under way at shutdown.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
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
    /// Reads the variables above; `None` when `env` has noted mistakes.
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
        known.extend(allowed?);
        Some(Self {
            listen: listen?,
            share_port: share_port?,
            public_url: public_url?,
            origins: known,
            frontend_dist,
            trusted_proxies: trusted_proxies?,
            rates: rates?,
            timeouts: Timeouts::default(),
        })
    }

    /// Whether people reach the page over https.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
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
    if folder.join("index.html").is_file() { Ok(folder) } else { Err("must be a folder that holds index.html".into()) }
}
