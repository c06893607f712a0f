//! Injects faults. Each fault is undone before its function returns, so that everything is up again after the last one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::fault::{Fault, Part, ScheduledFault};
use crate::platform::{NAMESPACE, Platform};
use crate::process::{Process, describe_exit};
use crate::run_log::now;
use crate::signal::Signal;
use crate::upstreams::{POOLS, Upstreams};
use crate::{failover, pause, stalled};

/// Maximum time a processor may take to stop: draining, handing over its jobs, and waiting for a slow database.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum time until a gateway answers whose log nobody reads.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Time during which a killed or frozen processor did not run.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    /// The processor's name.
    pub(crate) host: String,
    /// Start, epoch ms.
    pub(crate) from: i64,
    /// When it was resumed, epoch ms. `None` if it was killed.
    pub(crate) to: Option<i64>,
}

/// The processor outages of a run, for measuring recovery.
#[derive(Debug, Default)]
pub(crate) struct Outages(Mutex<Vec<Outage>>);

impl Outages {
    /// All outages so far.
    pub(crate) fn list(&self) -> Vec<Outage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, host: &str, from: i64, to: Option<i64>) {
        let outage = Outage { host: host.to_owned(), from, to };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(outage);
    }
}

/// Injects a schedule whose times count from `start`. Returns once every fault is undone.
pub(crate) async fn inject_all(
    platform: &Platform,
    outages: &Outages,
    faults: &[ScheduledFault],
    start: Instant,
) -> anyhow::Result<()> {
    let injections = faults.iter().map(async |timed| {
        sleep_until(start + timed.at).await;
        platform.log.note(format!("fault: {}", timed.fault));
        inject(platform, outages, timed.fault).await?;
        platform.log.note(format!("undone: {}", timed.fault));
        Ok(())
    });
    futures::future::try_join_all(injections).await.map(drop)
}

async fn inject(platform: &Platform, outages: &Outages, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Kill(Part::Redis, down) => restart_redis(platform, down, true).await,
        Fault::WipeRedis(down) => restart_redis(platform, down, false).await,
        Fault::Kill(Part::Postgres, _) | Fault::RestartPostgres => restart_postgres(platform).await,
        Fault::Freeze(Part::Postgres, frozen) => freeze_postgres(platform, frozen).await,
        Fault::Kill(part, down) => kill(platform, outages, part, down).await,
        Fault::Freeze(part, frozen) => freeze(platform, outages, part, frozen).await,
        Fault::Drain(number, twice) => drain(platform, number, twice).await,
        Fault::TerminateBackends => {
            if let Err(error) = platform.postgres.terminate_connections(&platform.database).await {
                platform.log.note(format!("postgres: {error:#}"));
            }
            Ok(())
        }
        Fault::SetClock(part, seconds, lasts) => set_clock(platform, part, seconds, lasts).await,
        Fault::UnmountStorage(lasts) => unmount_storage(platform, lasts).await,
        Fault::StopLog(part, lasts) => stop_log(platform, part, lasts).await,
        Fault::FailOverRedis(lasts) => failover::fail_over(platform, lasts).await,
        Fault::PauseQueue(lasts) => pause::pause(platform, lasts).await,
        Fault::PauseUpstream(number, lasts) => {
            pause::pause_one(platform, &format!("upstreams/{}", Upstreams::name(number)), lasts).await
        }
        Fault::PausePool(number, lasts) => pause::pause_one(platform, &format!("pools/{}", POOLS[number]), lasts).await,
        Fault::StallReaders(gateway, lasts) => stalled::stall(platform, gateway, lasts).await,
        Fault::FlushRedis => redis_commands(platform, &[&["FLUSHALL"]]).await,
        Fault::FlushScripts => redis_commands(platform, &[&["SCRIPT", "FLUSH"]]).await,
        Fault::DestroyGroup => {
            let [one, other] = POOLS.map(|pool| bus::Keys::new(NAMESPACE).of_pool(pool).jobs);
            let destroy = |stream| ["XGROUP", "DESTROY", stream, "processors"];
            redis_commands(platform, &[&destroy(&one), &destroy(&other)]).await
        }
        Fault::DropClients => {
            redis_commands(platform, &[&["CLIENT", "KILL", "TYPE", "normal"], &["CLIENT", "KILL", "TYPE", "pubsub"]])
                .await
        }
    }
}

/// Reads nothing of a process's log. A gateway must answer meanwhile; a processor must not lose its lease, or the jobs that it
/// holds would be resumed elsewhere.
async fn stop_log(platform: &Platform, part: Part, lasts: Duration) -> anyhow::Result<()> {
    let process = process(platform, part);
    process.stop_log(true);
    if let Part::Gateway(number) = part {
        sleep(lasts / 2).await;
        let answered = platform.administrator.read_description(&platform.addresses[number], ANSWER_TIMEOUT).await;
        if let Err(error) = answered {
            platform.log.violation(format!("{part} does not answer while nobody reads its log: {error:#}"));
        }
        sleep(lasts / 2).await;
    } else {
        sleep(lasts).await;
    }
    process.stop_log(false);
    Ok(())
}

async fn set_clock(platform: &Platform, part: Part, seconds: i64, lasts: Duration) -> anyhow::Result<()> {
    let clock = match part {
        Part::Processor(number) => &platform.clocks[number],
        _ => platform.postgres.clock(),
    };
    clock.set(seconds)?;
    sleep(lasts).await;
    clock.set(0)
}

async fn unmount_storage(platform: &Platform, lasts: Duration) -> anyhow::Result<()> {
    let away = platform.storage.with_extension("away");
    std::fs::rename(&platform.storage, &away)?;
    std::fs::create_dir(&platform.storage)?;
    sleep(lasts).await;
    if std::fs::remove_dir(&platform.storage).is_err() {
        platform.log.violation("files were written while the storage was unmounted");
        std::fs::remove_dir_all(&platform.storage)?;
    }
    Ok(std::fs::rename(away, &platform.storage)?)
}

/// The process of a part.
fn process(platform: &Platform, part: Part) -> &Process {
    match part {
        Part::Gateway(number) => &platform.gateways[number],
        Part::Processor(number) => &platform.processors[number],
        Part::Redis => &platform.redis.process,
        Part::Upstream(number) => &platform.simulators[number],
        Part::Postgres | Part::Storage | Part::Queue => platform.postgres.process(),
    }
}

async fn kill(platform: &Platform, outages: &Outages, part: Part, down: Duration) -> anyhow::Result<()> {
    let process = process(platform, part);
    process.kill().await;
    if matches!(part, Part::Processor(_)) {
        outages.record(process.name(), now(), None);
    }
    sleep(down).await;
    process.start()
}

async fn freeze(platform: &Platform, outages: &Outages, part: Part, frozen: Duration) -> anyhow::Result<()> {
    let process = process(platform, part);
    process.signal(Signal::Stop).await?;
    let from = now();
    sleep(frozen).await;
    process.signal(Signal::Continue).await?;
    if matches!(part, Part::Processor(_)) {
        outages.record(process.name(), from, Some(now()));
    }
    Ok(())
}

async fn drain(platform: &Platform, number: usize, twice: bool) -> anyhow::Result<()> {
    let process = &platform.processors[number];
    let started = Instant::now();
    let ready = process.id().is_some() && process.is_ready();
    let status = process.terminate(twice.then_some(Duration::from_millis(300)), DRAIN_TIMEOUT).await;
    match status {
        Some(status) if matches!(status.code(), Some(0)) || (twice && status.code() == Some(130)) => {}
        // The process was still starting and may not have installed its signal handlers.
        _ if !ready => {}
        Some(status) => {
            platform.log.violation(format!("{} exited on SIGTERM with {}", process.name(), describe_exit(status)));
        }
        None => platform.log.violation(format!("{} did not exit on SIGTERM", process.name())),
    }
    platform.log.note(format!("{} stopped after {} ms", process.name(), started.elapsed().as_millis()));
    process.start()
}

async fn restart_redis(platform: &Platform, down: Duration, keep: bool) -> anyhow::Result<()> {
    platform.redis.process.kill().await;
    if !keep {
        platform.redis.delete_data()?;
    }
    sleep(down).await;
    platform.redis.start().await
}

async fn restart_postgres(platform: &Platform) -> anyhow::Result<()> {
    platform.mark_database_disrupted();
    let restarted = platform.postgres.crash_and_restart().await;
    platform.mark_database_disrupted();
    restarted
}

async fn freeze_postgres(platform: &Platform, frozen: Duration) -> anyhow::Result<()> {
    platform.postgres.freeze().await?;
    let until = Instant::now() + frozen;
    while Instant::now() < until {
        platform.mark_database_disrupted();
        sleep(Duration::from_millis(100)).await;
    }
    platform.postgres.resume().await?;
    platform.mark_database_disrupted();
    Ok(())
}

/// Sends commands to Redis. Failures are only logged: Redis may be down or empty.
async fn redis_commands(platform: &Platform, commands: &[&[&str]]) -> anyhow::Result<()> {
    for command in commands {
        match platform.redis.command(command).await {
            Ok(reply) => platform.log.note(format!("redis: {} → {}", command.join(" "), reply.to_text())),
            Err(error) => platform.log.note(format!("redis: {} → {error:#}", command.join(" "))),
        }
    }
    Ok(())
}
