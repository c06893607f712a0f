//! A private Redis server, for tests that stop, restart or damage it.

use bus::Bus;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::{Process, eventually, free_port};

/// A private server on loopback; killed when dropped.
pub struct Redis {
    port: u16,
    folder: TempDir,
    server: Process,
}

impl Redis {
    /// Starts a server on a free port and waits until it responds. It writes its file only when told to `SAVE`.
    pub async fn start() -> Self {
        let (port, folder) = (free_port().await, tempfile::tempdir().expect("a temporary folder"));
        let server = launch(port, &folder).await;
        Self { port, folder, server }
    }

    /// Kills the server and starts it again, with the data of its last `SAVE`.
    pub async fn restart(self) -> Self {
        let Self { port, folder, server } = self;
        server.kill().await;
        let server = launch(port, &folder).await;
        Self { port, folder, server }
    }

    /// Returns the URL of the server (`REDIS_URL`).
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Returns the server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the server's process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.server
    }

    /// Sends commands, one a line, on a connection of its own. Returns the last one's reply, or its first line.
    pub async fn command(&self, lines: &str) -> String {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("Redis listens");
        let mut stream = BufReader::new(stream);
        let mut reply = String::new();
        for line in lines.lines() {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.expect("Redis reads");
            reply.clear();
            stream.read_line(&mut reply).await.expect("Redis answers");
        }
        reply.trim_end().to_owned()
    }
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

async fn launch(port: u16, folder: &TempDir) -> Process {
    let (number, folder) = (port.to_string(), folder.path().to_string_lossy());
    let flags = ["--port", &number, "--bind", "127.0.0.1", "--dir", &folder, "--save", ""];
    let flags = [&flags[..], &["--repl-diskless-sync-delay", "0", "--loglevel", "warning"]].concat();
    let path = std::env::var("PATH").unwrap_or_default();
    let server = Process::with_arguments("redis-server", &flags, &[("PATH", &path)]);
    let bus = Bus::new(&url(port), "{up}:v1").expect("a proper address");
    eventually("the private Redis answers", async || bus.check().await.ok()).await;
    server
}
