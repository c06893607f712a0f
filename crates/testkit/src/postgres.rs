//! A private PostgreSQL server, for tests that set its clock.

use std::path::Path;

use entity::database::{IfMissing, open};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{Database, Process, SteppedClock, eventually, free_port};

/// A private server on loopback with one empty database; killed when dropped.
pub struct Postgres {
    url: String,
    _server: Process,
    _folder: TempDir,
}

impl Postgres {
    /// Starts a server under `clock` and waits until it responds.
    pub async fn start(clock: &SteppedClock) -> Self {
        let folder = tempfile::tempdir_in("/tmp").expect("a temporary folder");
        let owner = owner(folder.path()).await;
        let data = folder.path().join("data").display().to_string();
        let initdb = ["initdb", "-D", &data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"];
        let (program, arguments) = command(&owner, &initdb);
        let made =
            Command::new(program).args(arguments).current_dir(folder.path()).output().await.expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (port, sockets) = (free_port().await.to_string(), folder.path().display().to_string());
        let mut server = vec!["postgres", "-D", &data, "-p", &port, "-k", &sockets];
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=32MB", "log_min_messages=fatal"] {
            server.extend(["-c", setting]);
        }
        // The library must be loaded by the server alone, not by the command that switches users.
        let clock = clock.variables().into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let under_clock = ["env"].into_iter().chain(clock.iter().map(String::as_str)).chain(server).collect::<Vec<_>>();
        let (program, arguments) = command(&owner, &under_clock);
        let path = std::env::var("PATH").unwrap_or_default();
        let server = Process::with_arguments(program, &arguments, &[("PATH", &path)]);
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        eventually("the private PostgreSQL answers", async || open(&url, IfMissing::Fail).await.ok()).await;
        Self { url, _server: server, _folder: folder }
    }

    /// The server's database, migrated.
    pub async fn database(&self) -> Database {
        Database::at(&self.url).await
    }
}

/// PostgreSQL refuses to run as root: gives the folder to the user `postgres` and returns the command that switches to it.
async fn owner(folder: &Path) -> Vec<&'static str> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self").map_or(1, |own| own.uid()) != 0 {
        return Vec::new();
    }
    let given = Command::new("chown").arg("postgres").arg(folder).status().await;
    assert!(given.is_ok_and(|status| status.success()), "there is no user `postgres`");
    // It ends with the test, as every process does that runs as the test's own user.
    vec!["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=QUIT", "--"]
}

fn command<'a>(owner: &'a [&'static str], words: &[&'a str]) -> (&'a str, Vec<&'a str>) {
    let mut words = owner.iter().copied().chain(words.iter().copied());
    (words.next().unwrap_or_default(), words.collect())
}
