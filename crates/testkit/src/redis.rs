//! A private Redis server, for tests that stop or damage it.

use bus::Bus;

use crate::{Process, eventually};

/// A private server on loopback; killed when dropped.
pub struct Redis {
    url: String,
    _server: Process,
}

impl Redis {
    /// Starts a server without persistence on a free port and waits until it responds.
    pub async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port().to_string();
        let flags = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"];
        let server =
            Process::with_arguments("redis-server", &flags, &[("PATH", &std::env::var("PATH").unwrap_or_default())]);
        let url = format!("redis://127.0.0.1:{port}");
        let bus = Bus::new(&url, "{up}:v1").expect("a proper address");
        eventually("the private Redis answers", async || bus.ping().await.ok()).await;
        Self { url, _server: server }
    }

    /// Returns the URL of the server (`REDIS_URL`).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}
