//! The platform under test: Redis, the gateway and, when needed, a processor, in a temporary folder, with registered
//! users.

mod peer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bus::Bus;
use entity::DatabaseConnection;
use entity::database::IfMissing;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::process::Process;
use crate::upstream::Upstream;

pub(crate) use self::peer::Peer;

/// Maximum time for something to become ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// Concurrent registrations. The gateway hashes only as many passwords at once as it has cores.
const MAX_REGISTRATIONS: usize = 2;

/// A registered user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The user's id, as in the events.
    pub(crate) id: Uuid,
    /// The session's token.
    pub(crate) token: String,
}

/// The running platform.
pub(crate) struct Platform {
    /// The simulated upstream.
    pub(crate) upstream: Upstream,
    /// The gateway's port.
    pub(crate) port: u16,
    /// Publishes events as a processor does.
    pub(crate) bus: Bus,
    gateway: Option<Process>,
    processor: Option<Process>,
    redis: Option<Process>,
    redis_port: u16,
    metrics_port: u16,
    database: String,
    environment: Vec<(String, String)>,
    binaries: PathBuf,
    http: reqwest::Client,
    users: Vec<User>,
    folder: tempfile::TempDir,
}

impl Platform {
    /// Starts Redis and the gateway on an empty database.
    pub(crate) async fn start(binaries: &Path, database: &str) -> anyhow::Result<Self> {
        let (port, redis_port) = (free_port()?, free_port()?);
        let folder = tempfile::tempdir()?;
        let upstream = Upstream::start().await?;
        let redis = format!("redis://127.0.0.1:{redis_port}");
        let namespace = "{bench}:v1";
        let environment = [
            ("APP_ENV", "demo"),
            ("LOG_FORMAT", "json"),
            ("DATABASE_URL", database),
            ("REDIS_URL", &redis),
            ("REDIS_NAMESPACE", namespace),
            ("STORAGE_URL", &folder.path().join("videos").display().to_string()),
            ("BACKEND_PORT", &port.to_string()),
            ("JWT_SECRET", &format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())),
            ("MAX_SOCKETS", "15000"),
            ("MAX_WAITING_PER_USER", "0"),
            ("READS_PER_MINUTE", "0"),
            ("WRITES_PER_MINUTE", "0"),
            ("SIGN_INS_PER_ADDRESS", "0"),
            ("SORA_API_URL", &upstream.url()),
            ("SORA_API_TOKEN", "bench"),
            ("PROCESSOR_SLOTS", "2000"),
            ("DRAIN_TIMEOUT", "1s"),
            ("FFMPEG", "none"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut platform = Self {
            upstream,
            port,
            bus: Bus::new(&redis, namespace)?,
            gateway: None,
            processor: None,
            redis: None,
            redis_port,
            metrics_port: free_port()?,
            database: database.to_owned(),
            environment,
            binaries: binaries.canonicalize().context("the folder of the release build does not exist")?,
            http: reqwest::Client::builder().no_proxy().timeout(READY_TIMEOUT).build()?,
            users: Vec::new(),
            folder,
        };
        platform.start_redis().await?;
        let arguments = ["up".to_owned()];
        platform.run("migration", &arguments)?.wait_success().await?;
        platform.start_gateway().await?;
        Ok(platform)
    }

    /// Registers users up to `number` and restarts the gateway, because the memory used for hashing passwords would otherwise
    /// be counted as the sockets', or be reused by them.
    pub(crate) async fn ensure_users(&mut self, number: usize) -> anyhow::Result<Vec<User>> {
        let missing = self.users.len()..number.max(self.users.len());
        let registering = stream::iter(missing.map(|number| self.register(number))).buffered(MAX_REGISTRATIONS);
        let new: Vec<User> = registering.try_collect().await?;
        self.users.extend(new);
        self.stop_gateway().await?;
        self.start_gateway().await?;
        Ok(self.users[..number].to_vec())
    }

    /// Submits a job. Returns its id.
    pub(crate) async fn submit(&self, user: &User, prompt: &str) -> anyhow::Result<String> {
        let post = self.http.post(format!("http://localhost:{}/api/videos", self.port)).bearer_auth(&user.token);
        let answer = post.json(&json!({"prompt": prompt})).send().await?;
        anyhow::ensure!(answer.status() == StatusCode::ACCEPTED, "submitting failed: {}", answer.text().await?);
        let answer: Value = answer.json().await?;
        answer["job"]["id"].as_str().map(ToOwned::to_owned).context("the response has no job")
    }

    /// The `ETag` of a job.
    pub(crate) async fn etag(&self, user: &User, job: &str) -> anyhow::Result<String> {
        let url = format!("http://localhost:{}/api/videos/jobs/{job}", self.port);
        let answer = self.http.get(url).bearer_auth(&user.token).send().await?;
        let etag = answer.headers().get("etag").context("the response has no ETag")?;
        Ok(etag.to_str()?.to_owned())
    }

    /// A connection to the database.
    pub(crate) async fn database(&self) -> anyhow::Result<DatabaseConnection> {
        Ok(entity::database::open(&self.database, IfMissing::Fail).await?)
    }

    /// Redis's process.
    pub(crate) fn redis(&self) -> anyhow::Result<&Process> {
        self.redis.as_ref().context("Redis is not running")
    }

    /// A folder for the files of a scenario.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The gateway's process.
    pub(crate) fn gateway(&self) -> anyhow::Result<&Process> {
        self.gateway.as_ref().context("the gateway is not running")
    }

    /// The processor's process.
    pub(crate) fn processor(&self) -> anyhow::Result<&Process> {
        self.processor.as_ref().context("the processor is not running")
    }

    /// Starts a gateway and waits until it is ready.
    pub(crate) async fn start_gateway(&mut self) -> anyhow::Result<()> {
        self.gateway = Some(self.run("gateway", &[])?);
        let url = format!("http://localhost:{}/readyz", self.port);
        wait_for("the gateway is ready", async || {
            self.http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await
    }

    /// Stops the gateway gracefully and waits until it has exited.
    pub(crate) async fn stop_gateway(&mut self) -> anyhow::Result<()> {
        stop(&mut self.gateway).await
    }

    /// Starts a processor.
    pub(crate) fn start_processor(&mut self) -> anyhow::Result<()> {
        let listen = ("METRICS_LISTEN".to_owned(), format!("127.0.0.1:{}", self.metrics_port));
        let environment = [self.environment.as_slice(), &[listen]].concat();
        let program = self.binaries.join("processor");
        self.processor = Some(Process::start(program, &[], &environment, self.folder.path())?);
        Ok(())
    }

    /// Waits until the processor is ready.
    pub(crate) async fn processor_is_ready(&self) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.metrics_port);
        wait_for("the processor is ready", async || {
            self.http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await
    }

    /// Stops the processor.
    pub(crate) async fn stop_processor(&mut self) -> anyhow::Result<()> {
        stop(&mut self.processor).await
    }

    /// The database's address.
    pub(crate) fn database_url(&self) -> &str {
        &self.database
    }

    /// Redis's port.
    pub(crate) fn redis_port(&self) -> u16 {
        self.redis_port
    }

    /// A queue of its own in the same Redis.
    pub(crate) fn bus_in(&self, namespace: &str) -> anyhow::Result<Bus> {
        Ok(Bus::new(&format!("redis://127.0.0.1:{}", self.redis_port), namespace)?)
    }

    /// Starts Redis with its existing data and waits until it responds.
    pub(crate) async fn start_redis(&mut self) -> anyhow::Result<()> {
        let port = self.redis_port.to_string();
        let arguments =
            ["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""].map(str::to_owned);
        self.redis = Some(Process::start("redis-server", &arguments, &[], self.folder.path())?);
        wait_for("Redis responds", async || self.bus.check().await.is_ok()).await
    }

    /// Kills Redis.
    pub(crate) async fn kill_redis(&mut self) -> anyhow::Result<()> {
        match self.redis.take() {
            Some(redis) => redis.kill().await,
            None => Ok(()),
        }
    }

    /// Stops everything.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        stop(&mut self.processor).await?;
        stop(&mut self.gateway).await?;
        self.kill_redis().await
    }

    fn run(&self, name: &str, arguments: &[String]) -> anyhow::Result<Process> {
        Process::start(self.binaries.join(name), arguments, &self.environment, self.folder.path())
    }

    async fn register(&self, number: usize) -> anyhow::Result<User> {
        let body = json!({"email": format!("user-{number}@example.com"), "password": "one of a kind"});
        let url = format!("http://localhost:{}/api/auth/register", self.port);
        let answer = self.http.post(url).json(&body).send().await?;
        anyhow::ensure!(answer.status() == StatusCode::CREATED, "registering failed: {}", answer.text().await?);
        let answer: Value = answer.json().await?;
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned).context("the response lacks a string field");
        Ok(User { id: text(&answer["user"]["id"])?.parse()?, token: text(&answer["token"])? })
    }
}

async fn stop(process: &mut Option<Process>) -> anyhow::Result<()> {
    match process.take() {
        Some(process) => {
            process.terminate().await?;
            process.wait_success().await
        }
        None => Ok(()),
    }
}

async fn wait_for(what: &str, mut condition: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY_TIMEOUT;
    while !condition().await {
        anyhow::ensure!(Instant::now() < deadline, "timed out: {what}");
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
