//! The platform of one seed: starts, supervises and stops its processes, its database and its folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use entity::DatabaseConnection;
use tokio::time::sleep;

use crate::administrator::Administrator;
use crate::clock::Clock;
use crate::fault::{GATEWAYS, PROCESSORS};
use crate::plan::Plan;
use crate::postgres::Postgres;
use crate::process::{Process, Program, describe_exit};
use crate::proxy::Proxy;
use crate::receiver::Receiver;
use crate::redis::Redis;
use crate::run_log::{RunLog, now};
use crate::upstreams::{SIMULATORS, Upstreams};
use crate::wait::wait_for;

/// Maximum time for starting, and for recovering from the faults.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// `REDIS_NAMESPACE` of the run.
pub(crate) const NAMESPACE: &str = "{sora}:v1";

/// Name of the catalogue file in the run's folder.
const CATALOGUE: &str = "catalogue.toml";

/// A running platform.
pub(crate) struct Platform {
    /// The PostgreSQL server, shared by all seeds.
    pub(crate) postgres: Arc<Postgres>,
    /// Name of this seed's database.
    pub(crate) database: String,
    /// Connection for the checks.
    pub(crate) db: DatabaseConnection,
    /// The Redis server.
    pub(crate) redis: Redis,
    /// A second one, which runs during a failover.
    pub(crate) replica: Redis,
    /// The address under which the processes find Redis.
    pub(crate) redis_address: Proxy,
    /// The gateways.
    pub(crate) gateways: Vec<Process>,
    /// The processors.
    pub(crate) processors: Vec<Process>,
    /// The processors' wall clocks.
    pub(crate) clocks: Vec<Clock>,
    /// The folder of the videos.
    pub(crate) storage: PathBuf,
    /// The gateways' addresses.
    pub(crate) addresses: Vec<String>,
    /// The receiver of webhooks.
    pub(crate) receiver: Receiver,
    /// Its address.
    pub(crate) webhook_url: String,
    /// The administrator.
    pub(crate) administrator: Administrator,
    /// The simulators.
    pub(crate) simulators: Vec<Process>,
    /// Their addresses.
    pub(crate) upstreams: Vec<String>,
    /// The run's log.
    pub(crate) log: RunLog,
    /// Last moment at which a fault affected the database, epoch ms.
    pub(crate) database_disrupted_at: Mutex<i64>,
}

impl Platform {
    /// Starts everything and waits until it is ready.
    pub(crate) async fn start(
        plan: &Plan,
        postgres: &Arc<Postgres>,
        programs: &Path,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let database = format!("nemesis_{}", plan.seed);
        postgres.drop_database(&database).await?;
        let db = postgres.create_database(&database).await?;
        let ports = free_ports(GATEWAYS + 5 + SIMULATORS)?;
        let (gateways, ports) = ports.split_at(GATEWAYS);
        let [redis, replica, redis_address, dead, receiver, ref upstreams @ ..] = *ports else {
            bail!("too few ports")
        };
        std::fs::write(folder.join(CATALOGUE), plan.upstreams.catalogue(plan.dialect, upstreams, dead))?;
        let setting =
            Settings { plan, programs, folder, database: postgres.url(&database), redis: redis_address, receiver };
        let clock = |number| Clock::new(&folder.join(format!("clock-{number}")));
        let clocks = (0..PROCESSORS).map(clock).collect::<anyhow::Result<Vec<_>>>()?;
        let address = |port: &u16| format!("127.0.0.1:{port}");
        let mut platform = Self {
            postgres: postgres.clone(),
            database,
            db,
            redis: Redis::new(folder, "redis", redis)?,
            replica: Redis::new(folder, "redis-replica", replica)?,
            redis_address: Proxy::start(redis_address, redis).await?,
            gateways: gateways.iter().enumerate().map(|(n, port)| Process::new(setting.gateway(n, *port))).collect(),
            processors: clocks.iter().enumerate().map(|(n, clock)| setting.processor(n, clock)).collect(),
            clocks,
            storage: folder.join("videos"),
            addresses: gateways.iter().map(address).collect(),
            simulators: upstreams
                .iter()
                .enumerate()
                .map(|(n, port)| Process::new(setting.simulator(n, *port)))
                .collect(),
            upstreams: upstreams.iter().map(|port| format!("http://{}", address(port))).collect(),
            receiver: Receiver::start(receiver).await?,
            webhook_url: format!("http://{}/", address(&receiver)),
            administrator: Administrator::new()?,
            log: RunLog::default(),
            database_disrupted_at: Mutex::new(0),
        };
        std::fs::create_dir_all(folder.join("videos"))?;
        platform.redis.start().await?;
        for process in platform.simulators.iter().chain(platform.servers()) {
            process.start()?;
        }
        platform.wait_until_healthy().await?;
        platform
            .administrator
            .register(&platform.db, &platform.addresses[0])
            .await
            .context("registering the administrator")?;
        Ok(platform)
    }

    /// Waits until every process runs and is ready.
    pub(crate) async fn wait_until_healthy(&self) -> anyhow::Result<()> {
        self.postgres.wait_until_ready().await?;
        for process in self.servers().chain(&self.simulators).chain([&self.redis.process]) {
            wait_for(&format!("{} is ready", process.name()), READY_TIMEOUT, async || {
                (process.id().is_some() && process.is_ready()).then_some(())
            })
            .await?;
        }
        Ok(())
    }

    /// The Redis server that the processes reach now.
    pub(crate) fn primary(&self) -> &Redis {
        if self.redis_address.target() == self.replica.port { &self.replica } else { &self.redis }
    }

    /// Restarts processes that exit on their own, for as long as it is polled. Each such exit is a violation, except of a
    /// process that could not start because the database was down.
    pub(crate) async fn supervise(&self) -> anyhow::Result<std::convert::Infallible> {
        loop {
            for process in self.servers() {
                if let Some(status) = process.take_exit_status() {
                    let excused = !process.is_ready() && self.database_disrupted_until() >= process.started_at();
                    let line = format!("{} exited on its own: {}", process.name(), describe_exit(status));
                    if excused {
                        self.log.note(line);
                    } else {
                        self.log.violation(line);
                    }
                    sleep(Duration::from_millis(300)).await;
                    process.start()?;
                }
            }
            for process in self.simulators.iter().chain([&self.redis.process, self.postgres.process()]) {
                if let Some(status) = process.take_exit_status() {
                    anyhow::bail!("{} exited on its own: {}", process.name(), describe_exit(status));
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Records that a fault affects the database now.
    pub(crate) fn mark_database_disrupted(&self) {
        *self.database_disrupted_at.lock().unwrap_or_else(PoisonError::into_inner) = now();
    }

    fn database_disrupted_until(&self) -> i64 {
        // A connection pool may need this long to notice that the database is back.
        *self.database_disrupted_at.lock().unwrap_or_else(PoisonError::into_inner) + 6_000
    }

    /// Reports each panic in the logs as a violation.
    pub(crate) fn check_logs_for_panics(&self) {
        for process in self.servers().chain(&self.simulators) {
            let text = std::fs::read(process.log_path()).unwrap_or_default();
            for line in String::from_utf8_lossy(&text).lines().filter(|line| line.contains("panicked")) {
                self.log.violation(format!("{}: {line}", process.name()));
            }
        }
    }

    /// Number of times a processor found that others had expired its lease.
    pub(crate) fn leases_lost(&self) -> usize {
        let times = |process: &Process| {
            let text = std::fs::read(process.log_path()).unwrap_or_default();
            String::from_utf8_lossy(&text).matches("lease expired while it could not be renewed").count()
        };
        self.processors.iter().map(times).sum()
    }

    /// Stops everything and drops the database.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        for process in self.servers().chain(&self.simulators).chain([&self.redis.process, &self.replica.process]) {
            process.kill().await;
        }
        self.postgres.drop_database(&self.database).await.context("dropping the database")
    }

    fn servers(&self) -> impl Iterator<Item = &Process> {
        self.gateways.iter().chain(&self.processors)
    }
}

/// The settings of the processes.
struct Settings<'a> {
    plan: &'a Plan,
    programs: &'a Path,
    folder: &'a Path,
    database: String,
    redis: u16,
    receiver: u16,
}

impl Settings<'_> {
    fn gateway(&self, number: usize, port: u16) -> Program {
        let specific = [
            ("BACKEND_HOST", "127.0.0.1".to_owned()),
            ("BACKEND_PORT", port.to_string()),
            ("JWT_SECRET", "a secret of this run alone, of no use elsewhere".into()),
        ];
        self.program("gateway", &format!("gateway-{number}"), &specific, "listening")
    }

    fn processor(&self, number: usize, clock: &Clock) -> Process {
        let name = format!("processor-{number}");
        let specific = [
            ("HOSTNAME", name.clone()),
            // No posters: extracting one changes the job again after its end, at an unpredictable time.
            ("FFMPEG", "/nowhere/ffmpeg".to_owned()),
            ("SORA_RETRY_BASE", "100ms".into()),
            ("SORA_MAX_RESUBMITS", self.plan.resubmits.to_string()),
            ("PROCESSOR_SLOTS", "8".into()),
            ("LEASE_TTL", "2s".into()),
            ("LEASE_RENEW", "500ms".into()),
            ("DRAIN_TIMEOUT", "1s".into()),
        ];
        let mut program = self.program("processor", &name, &specific, "ready for jobs");
        program.environment.extend(clock.variables());
        Process::new(program)
    }

    fn program(&self, file: &str, name: &str, specific: &[(&str, String)], ready: &'static str) -> Program {
        let common = [
            ("APP_ENV", "development".to_owned()),
            ("LOG_LEVEL", std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".into())),
            // The history identifies writers by this name.
            ("DATABASE_URL", format!("{}?application_name={name}", self.database)),
            ("REDIS_URL", format!("redis://127.0.0.1:{}", self.redis)),
            ("REDIS_NAMESPACE", NAMESPACE.into()),
            ("WEBHOOK_ALLOW", format!("127.0.0.1:{}", self.receiver)),
            ("STORAGE_URL", self.folder.join("videos").display().to_string()),
            ("SORA_CATALOGUE", self.folder.join(CATALOGUE).display().to_string()),
        ];
        let environment =
            common.iter().chain(specific).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Program { environment, ready, piped: true, ..self.base_program(file, name) }
    }

    fn simulator(&self, number: usize, port: u16) -> Program {
        let flags = format!("--listen 127.0.0.1:{port} --pace {} --steps 10", self.plan.pace);
        let arguments = flags.split(' ').map(ToOwned::to_owned).collect();
        Program { arguments, ready: "listening on", ..self.base_program("simulator", &Upstreams::name(number)) }
    }

    fn base_program(&self, file: &str, name: &str) -> Program {
        Program {
            name: name.to_owned(),
            path: self.programs.join(file),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: PathBuf::from(self.folder),
            owner: None,
            ready: "",
            piped: false,
        }
    }
}

/// Returns free ports below the ephemeral range, so that no outgoing connection takes one while its server is down.
pub(crate) fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let mut free = Vec::new();
    for _ in 0..10_000 {
        let port = rand::random_range(15_000..30_000_u16);
        if !free.contains(&port) && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            free.push(port);
        }
        if free.len() == count {
            return Ok(free);
        }
    }
    anyhow::bail!("found no free ports")
}
