//! Faults in action. Each one undoes what it did before it returns, so that all is well once the last has ended.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::fault::{Fault, Part, ScheduledFault};
use crate::platform::{NAMESPACE, Platform};
use crate::process::{Process, describe_exit};
use crate::run_log::now;
use crate::signal::Signal;

/// How long a processor that was asked to stop may take: its drain, its handing finished, and a database that is slow.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A processor that fell silent without a word.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    /// Which one.
    pub(crate) host: String,
    /// Epoch ms.
    pub(crate) from: i64,
    /// When it went on, if it was only frozen.
    pub(crate) to: Option<i64>,
}

/// What was done, for the measurements.
#[derive(Debug, Default)]
pub(crate) struct Outages(Mutex<Vec<Outage>>);

impl Outages {
    /// The processors that fell silent.
    pub(crate) fn list(&self) -> Vec<Outage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn silent(&self, host: &str, from: i64, to: Option<i64>) {
        let silence = Outage { host: host.to_owned(), from, to };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(silence);
    }
}

/// Carries out a schedule that began at `began`; returns when all of it is undone.
pub(crate) async fn inject_all(
    platform: &Platform,
    done: &Outages,
    faults: &[ScheduledFault],
    began: Instant,
) -> anyhow::Result<()> {
    let strikes = faults.iter().map(async |timed| {
        sleep_until(began + timed.at).await;
        platform.log.note(format!("fault: {}", timed.fault));
        inject(platform, done, timed.fault).await?;
        platform.log.note(format!("undone: {}", timed.fault));
        Ok(())
    });
    futures::future::try_join_all(strikes).await.map(drop)
}

async fn inject(platform: &Platform, done: &Outages, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Kill(Part::Redis, down) => restart_redis(platform, down, true).await,
        Fault::WipeRedis(down) => restart_redis(platform, down, false).await,
        Fault::Kill(Part::Postgres, _) | Fault::RestartPostgres => restart_postgres(platform).await,
        Fault::Freeze(Part::Postgres, frozen) => freeze_postgres(platform, frozen).await,
        Fault::Kill(part, down) => kill(platform, done, part, down).await,
        Fault::Freeze(part, frozen) => freeze(platform, done, part, frozen).await,
        Fault::Drain(number, impatient) => drain(platform, number, impatient).await,
        Fault::TerminateBackends => {
            if let Err(error) = platform.postgres.terminate_connections(&platform.database).await {
                platform.log.note(format!("postgres: {error:#}"));
            }
            Ok(())
        }
        Fault::FlushRedis => command(platform, &[&["FLUSHALL"]]).await,
        Fault::FlushScripts => command(platform, &[&["SCRIPT", "FLUSH"]]).await,
        Fault::DestroyGroup => {
            let stream = bus::Keys::new(NAMESPACE).jobs;
            command(platform, &[&["XGROUP", "DESTROY", &stream, "processors"]]).await
        }
        Fault::DropClients => {
            command(platform, &[&["CLIENT", "KILL", "TYPE", "normal"], &["CLIENT", "KILL", "TYPE", "pubsub"]]).await
        }
    }
}

/// The process of a part that has one of its own here.
fn process(platform: &Platform, part: Part) -> &Process {
    match part {
        Part::Gateway(number) => &platform.gateways[number],
        Part::Processor(number) => &platform.processors[number],
        Part::Redis => &platform.redis.process,
        Part::Postgres => platform.postgres.process(),
    }
}

async fn kill(platform: &Platform, done: &Outages, part: Part, down: Duration) -> anyhow::Result<()> {
    let process = process(platform, part);
    process.kill().await;
    if matches!(part, Part::Processor(_)) {
        done.silent(process.name(), now(), None);
    }
    sleep(down).await;
    process.start()
}

async fn freeze(platform: &Platform, done: &Outages, part: Part, frozen: Duration) -> anyhow::Result<()> {
    let process = process(platform, part);
    process.signal(Signal::Stop).await?;
    let from = now();
    sleep(frozen).await;
    process.signal(Signal::Continue).await?;
    if matches!(part, Part::Processor(_)) {
        done.silent(process.name(), from, Some(now()));
    }
    Ok(())
}

async fn drain(platform: &Platform, number: usize, impatient: bool) -> anyhow::Result<()> {
    let process = &platform.processors[number];
    let began = Instant::now();
    let ready = process.id().is_some() && process.is_ready();
    let status = process.terminate(impatient.then_some(Duration::from_millis(300)), DRAIN_TIMEOUT).await;
    match status {
        Some(status) if matches!(status.code(), Some(0)) || (impatient && status.code() == Some(130)) => {}
        // It had not begun, and may not have listened yet.
        _ if !ready => {}
        Some(status) => {
            platform.log.violation(format!("{} was asked to stop: {}", process.name(), describe_exit(status)))
        }
        None => platform.log.violation(format!("{} was asked to stop and did not", process.name())),
    }
    platform.log.note(format!("{} stopped after {} ms", process.name(), began.elapsed().as_millis()));
    process.start()
}

async fn restart_redis(platform: &Platform, down: Duration, keep: bool) -> anyhow::Result<()> {
    platform.redis.process.kill().await;
    if !keep {
        platform.redis.lose_data()?;
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

/// Commands to Redis; that they find it gone or without data does not matter.
async fn command(platform: &Platform, commands: &[&[&str]]) -> anyhow::Result<()> {
    for words in commands {
        match platform.redis.command(words).await {
            Ok(reply) => platform.log.note(format!("redis: {} → {}", words.join(" "), reply.to_text())),
            Err(error) => platform.log.note(format!("redis: {} → {error:#}", words.join(" "))),
        }
    }
    Ok(())
}
