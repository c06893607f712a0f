//! Faults in action. Each one undoes what it did before it returns, so that all is well once the last has ended.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::fault::{Fault, Part, Timed};
use crate::log::now;
use crate::process::{Process, told};
use crate::signal::Signal;
use crate::world::{NAMESPACE, World};

/// How long a processor that was asked to stop may take: its drain, its handing over, and a database that is slow.
const DRAINED: Duration = Duration::from_secs(30);

/// A processor that fell silent without a word.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// Which one.
    pub(crate) host: String,
    /// Epoch ms.
    pub(crate) from: i64,
    /// When it went on, if it was only frozen.
    pub(crate) to: Option<i64>,
}

/// What was done, for the measurements.
#[derive(Debug, Default)]
pub(crate) struct Done(Mutex<Vec<Silence>>);

impl Done {
    /// The processors that fell silent.
    pub(crate) fn silences(&self) -> Vec<Silence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn silent(&self, host: &str, from: i64, to: Option<i64>) {
        let silence = Silence { host: host.to_owned(), from, to };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(silence);
    }
}

/// Carries out a schedule that began at `began`; returns when all of it is undone.
pub(crate) async fn strike_all(world: &World, done: &Done, faults: &[Timed], began: Instant) -> anyhow::Result<()> {
    let strikes = faults.iter().map(async |timed| {
        sleep_until(began + timed.at).await;
        world.log.note(format!("fault: {}", timed.fault));
        strike(world, done, timed.fault).await?;
        world.log.note(format!("undone: {}", timed.fault));
        Ok(())
    });
    futures::future::try_join_all(strikes).await.map(drop)
}

async fn strike(world: &World, done: &Done, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Kill(Part::Redis, down) => restart_redis(world, down, true).await,
        Fault::LoseRedis(down) => restart_redis(world, down, false).await,
        Fault::Kill(Part::Postgres, _) | Fault::RestartPostgres => restart_postgres(world).await,
        Fault::Freeze(Part::Postgres, frozen) => freeze_postgres(world, frozen).await,
        Fault::Kill(part, down) => kill(world, done, part, down).await,
        Fault::Freeze(part, frozen) => freeze(world, done, part, frozen).await,
        Fault::Drain(number, impatient) => drain(world, number, impatient).await,
        Fault::TerminateBackends => {
            if let Err(error) = world.cluster.terminate(&world.database).await {
                world.log.note(format!("postgres: {error:#}"));
            }
            Ok(())
        }
        Fault::Flush => command(world, &[&["FLUSHALL"]]).await,
        Fault::ForgetScripts => command(world, &[&["SCRIPT", "FLUSH"]]).await,
        Fault::DestroyGroup => {
            let stream = bus::Keys::new(NAMESPACE).jobs;
            command(world, &[&["XGROUP", "DESTROY", &stream, "processors"]]).await
        }
        Fault::DropClients => {
            command(world, &[&["CLIENT", "KILL", "TYPE", "normal"], &["CLIENT", "KILL", "TYPE", "pubsub"]]).await
        }
    }
}

/// The process of a part that has one of its own here.
fn process(world: &World, part: Part) -> &Process {
    match part {
        Part::Gateway(number) => &world.gateways[number],
        Part::Processor(number) => &world.processors[number],
        Part::Redis => &world.redis.process,
        Part::Postgres => world.cluster.process(),
    }
}

async fn kill(world: &World, done: &Done, part: Part, down: Duration) -> anyhow::Result<()> {
    let process = process(world, part);
    process.kill().await;
    if matches!(part, Part::Processor(_)) {
        done.silent(process.name(), now(), None);
    }
    sleep(down).await;
    process.start()
}

async fn freeze(world: &World, done: &Done, part: Part, frozen: Duration) -> anyhow::Result<()> {
    let process = process(world, part);
    process.signal(Signal::Stop).await?;
    let from = now();
    sleep(frozen).await;
    process.signal(Signal::Continue).await?;
    if matches!(part, Part::Processor(_)) {
        done.silent(process.name(), from, Some(now()));
    }
    Ok(())
}

async fn drain(world: &World, number: usize, impatient: bool) -> anyhow::Result<()> {
    let process = &world.processors[number];
    let began = Instant::now();
    let ready = process.id().is_some() && process.is_ready();
    let status = process.stop(impatient.then_some(Duration::from_millis(300)), DRAINED).await;
    match status {
        Some(status) if matches!(status.code(), Some(0)) || (impatient && status.code() == Some(130)) => {}
        // It had not begun, and may not have listened yet.
        _ if !ready => {}
        Some(status) => world.log.wrong(format!("{} was asked to stop: {}", process.name(), told(status))),
        None => world.log.wrong(format!("{} was asked to stop and did not", process.name())),
    }
    world.log.note(format!("{} stopped after {} ms", process.name(), began.elapsed().as_millis()));
    process.start()
}

async fn restart_redis(world: &World, down: Duration, keep: bool) -> anyhow::Result<()> {
    world.redis.process.kill().await;
    if !keep {
        world.redis.lose_data()?;
    }
    sleep(down).await;
    world.redis.start().await
}

async fn restart_postgres(world: &World) -> anyhow::Result<()> {
    world.harm_database();
    let restarted = world.cluster.restart().await;
    world.harm_database();
    restarted
}

async fn freeze_postgres(world: &World, frozen: Duration) -> anyhow::Result<()> {
    world.cluster.freeze().await?;
    let until = Instant::now() + frozen;
    while Instant::now() < until {
        world.harm_database();
        sleep(Duration::from_millis(100)).await;
    }
    world.cluster.thaw().await?;
    world.harm_database();
    Ok(())
}

/// Commands to Redis; that they find it gone or without data does not matter.
async fn command(world: &World, commands: &[&[&str]]) -> anyhow::Result<()> {
    for words in commands {
        match world.redis.command(words).await {
            Ok(reply) => world.log.note(format!("redis: {} → {}", words.join(" "), reply.told())),
            Err(error) => world.log.note(format!("redis: {} → {error:#}", words.join(" "))),
        }
    }
    Ok(())
}
