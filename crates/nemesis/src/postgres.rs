//! The run's own PostgreSQL: one server for all seeds, and one database per seed, cloned from a migrated template.
//!
//! A commit is acknowledged once the operating system has it (`fsync=off`), so killing the server loses none.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use entity::DatabaseConnection;
use entity::database::{IfMissing, open};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::process::Command;

use crate::clock::Clock;
use crate::history;
use crate::process::{Process, Program, is_root};
use crate::signal::{Signal, children, send};
use crate::wait::wait_for;

const TEMPLATE: &str = "nemesis_template";

/// The server.
#[derive(Debug)]
pub(crate) struct Postgres {
    process: Process,
    clock: Clock,
    port: u16,
    folder: TempDir,
    /// Frozen processes, to be resumed.
    frozen: Mutex<Vec<u32>>,
}

impl Postgres {
    /// Initialises a data directory, starts the server, and makes the template with the `migration` program.
    pub(crate) async fn start(port: u16, migration: &Path) -> anyhow::Result<Self> {
        let programs = find_programs().context("PostgreSQL is missing; install it with: apt-get install postgresql")?;
        let owner = is_root().then_some("postgres");
        let folder = tempfile::Builder::new().prefix("nemesis-postgres.").tempdir_in("/tmp")?;
        let files = folder.path().join("files");
        std::fs::create_dir(&files)?;
        if owner.is_some() {
            run_command(Command::new("chmod").arg("755").arg(folder.path())).await?;
            run_command(Command::new("chown").arg("postgres").arg(&files)).await?;
        }
        let mut initdb = as_owner(owner, &programs.join("initdb"));
        initdb.current_dir(&files).arg("-D").arg(files.join("data"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        run_command(&mut initdb).await?;
        let mut arguments: Vec<String> = ["-D", "data", "-k", ".", "-p"].map(ToOwned::to_owned).to_vec();
        arguments.push(port.to_string());
        for setting in ["listen_addresses=127.0.0.1", "max_connections=300", "shared_buffers=64MB", "fsync=off"] {
            arguments.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let clock = Clock::new(&folder.path().join("clock"))?;
        // The library must be loaded by the server alone, not by the command that switches users.
        let assignments = clock.variables().into_iter().map(|(name, value)| format!("{name}={value}"));
        let server = programs.join("postgres").display().to_string();
        let process = Process::new(Program {
            name: "postgres".into(),
            path: "env".into(),
            arguments: assignments.chain([server]).chain(arguments).collect(),
            environment: Vec::new(),
            folder: files,
            owner,
            piped: false,
            ready: "ready to accept connections",
        });
        let postgres = Self { process, clock, port, folder, frozen: Mutex::default() };
        postgres.start_server().await?;
        postgres.make_template(migration).await?;
        Ok(postgres)
    }

    /// Starts the server and waits until it accepts connections.
    pub(crate) async fn start_server(&self) -> anyhow::Result<()> {
        self.process.start()?;
        self.wait_until_ready().await
    }

    /// Waits until the server accepts connections.
    pub(crate) async fn wait_until_ready(&self) -> anyhow::Result<()> {
        wait_for("PostgreSQL accepts connections", Duration::from_secs(60), async || {
            let admin = open(&self.url("postgres"), IfMissing::Fail).await.ok()?;
            admin.execute_unprepared("SELECT 1").await.ok()?;
            admin.close().await.ok()
        })
        .await
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates a migrated database.
    pub(crate) async fn create_database(&self, name: &str) -> anyhow::Result<DatabaseConnection> {
        self.execute_as_admin(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await?;
        Ok(open(&self.url(name), IfMissing::Fail).await?)
    }

    /// Drops a database and closes its connections.
    pub(crate) async fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        self.execute_as_admin(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// Terminates every connection to a database.
    pub(crate) async fn terminate_connections(&self, name: &str) -> anyhow::Result<()> {
        self.execute_as_admin(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await
    }

    /// Shuts the server down immediately, as a crash would, and starts it again.
    pub(crate) async fn crash_and_restart(&self) -> anyhow::Result<()> {
        self.process.signal_and_wait(Signal::Quit, Duration::from_secs(20)).await?;
        self.start_server().await
    }

    /// Freezes the server and its backends.
    pub(crate) async fn freeze(&self) -> anyhow::Result<()> {
        let Some(server) = self.process.id() else { return Ok(()) };
        send(Signal::Stop, &[server]).await?;
        let backends = children(server);
        send(Signal::Stop, &backends).await?;
        *self.frozen.lock().unwrap_or_else(PoisonError::into_inner) = backends.into_iter().chain([server]).collect();
        Ok(())
    }

    /// Resumes them.
    pub(crate) async fn resume(&self) -> anyhow::Result<()> {
        let frozen = std::mem::take(&mut *self.frozen.lock().unwrap_or_else(PoisonError::into_inner));
        send(Signal::Continue, &frozen).await
    }

    /// The server's wall clock.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The server's process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Stops the server for good.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        self.resume().await?;
        self.process.signal_and_wait(Signal::Quit, Duration::from_secs(20)).await
    }

    async fn make_template(&self, migration: &Path) -> anyhow::Result<()> {
        self.execute_as_admin(&format!("CREATE DATABASE {TEMPLATE}")).await?;
        let url = self.url(TEMPLATE);
        run_command(Command::new(migration).arg("up").env("DATABASE_URL", &url).current_dir(self.folder.path()))
            .await?;
        let template = open(&url, IfMissing::Fail).await?;
        template.execute_unprepared(history::SCHEMA).await?;
        template.close().await?;
        Ok(())
    }

    async fn execute_as_admin(&self, sql: &str) -> anyhow::Result<()> {
        let admin = open(&self.url("postgres"), IfMissing::Fail).await?;
        let done = admin.execute_unprepared(sql).await;
        admin.close().await?;
        done.map(drop).context("administrative statement")
    }
}

fn as_owner(owner: Option<&str>, program: &Path) -> Command {
    let Some(owner) = owner else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={owner}"), format!("--regid={owner}"), "--init-groups".into()]).arg(program);
    command
}

async fn run_command(command: &mut Command) -> anyhow::Result<()> {
    let output = command.kill_on_drop(true).output().await.with_context(|| format!("{:?}", command.as_std()))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?} failed: {}", command.as_std().get_program(), stderr.trim());
    Ok(())
}

/// The folder of PostgreSQL's programs: `POSTGRES_BIN`, or Debian's newest version.
fn find_programs() -> Option<PathBuf> {
    let named = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
    let installed = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max()
    };
    named.filter(|bin| bin.join("initdb").exists()).or_else(installed)
}
