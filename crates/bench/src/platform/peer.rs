//! Programs that the platform is compared with, on its database and Redis.

use std::path::Path;

use anyhow::Context as _;

use super::{Platform, free_port, wait_for};
use crate::process::Process;

/// Another program to compare with.
pub(crate) struct Peer {
    /// Its process.
    pub(crate) process: Process,
    /// Its port.
    pub(crate) port: u16,
    /// A client for it.
    pub(crate) http: reqwest::Client,
}

impl Platform {
    /// Starts a relay from `folder` on the same channel and waits until it accepts connections.
    pub(crate) async fn start_relay(&self, folder: &Path, name: &str) -> anyhow::Result<Peer> {
        let redis = format!("redis://127.0.0.1:{}", self.redis_port);
        self.start_node(folder, name, &[redis, self.bus.keys().events.clone()]).await
    }

    /// Starts the Express server from `folder` on the same database and waits until it accepts connections. Without an
    /// upstream its jobs wait.
    pub(crate) async fn start_express(&self, folder: &Path, upstream: Option<String>) -> anyhow::Result<Peer> {
        self.start_node(folder, "express", &[self.database.clone(), upstream.unwrap_or_default()]).await
    }

    async fn start_node(&self, folder: &Path, name: &str, arguments: &[String]) -> anyhow::Result<Peer> {
        let port = free_port()?;
        let folder = folder.canonicalize().context("the folder of the programs to compare with does not exist")?;
        let script = folder.join(format!("{name}.js")).display().to_string();
        let arguments = [&[script, port.to_string()], arguments].concat();
        let process = Process::start("node", &arguments, &[], self.folder.path())?;
        wait_for("the program accepts connections (install it with: npm ci --prefix crates/bench/peers)", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await?;
        Ok(Peer { process, port, http: self.http.clone() })
    }
}
