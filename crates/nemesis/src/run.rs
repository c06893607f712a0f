//! One seed from its first process to its verdict.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use entity::job::Status;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::{self, Facts};
use crate::client::{Phases, User};
use crate::cluster::Cluster;
use crate::plan::Plan;
use crate::recovery::Recovery;
use crate::strike::{Done, strike_all};
use crate::world::World;

/// What came of a seed.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
    /// Jobs on record, and how they ended.
    pub(crate) jobs: [usize; 4],
    /// Faults that struck.
    pub(crate) faults: usize,
    /// Requests that the simulator received, and submissions among them.
    pub(crate) asked: [u64; 2],
    /// How long jobs rested.
    pub(crate) recovery: Recovery,
    /// How often a processor found itself buried.
    pub(crate) buried: usize,
    /// How long all of it took.
    pub(crate) took: Duration,
}

/// Runs a plan in `folder`, where the logs stay.
///
/// # Errors
/// The run itself could not be carried out; nothing is known of the platform.
pub(crate) async fn run(
    plan: &Plan,
    cluster: &Arc<Cluster>,
    programs: &Path,
    folder: &Path,
) -> anyhow::Result<Verdict> {
    let began = Instant::now();
    let world = World::start(plan, cluster, programs, folder).await.context("starting the platform")?;
    world.log.note(format!("resubmits {}, cap {}, pace {} ms", plan.resubmits, plan.cap, plan.pace));
    let tried = tokio::select! {
        tried = attempt(&world, plan) => tried,
        never = world.watch() => never.map(|never| match never {}),
    };
    let mut verdict = Verdict { faults: plan.faults.len(), ..Verdict::default() };
    match tried {
        Ok((facts, recovery)) => {
            let count = |status| facts.count(status);
            verdict.jobs =
                [facts.jobs.len(), count(Status::Completed), count(Status::Failed), count(Status::Cancelled)];
            verdict.asked = [facts.requests, facts.submissions];
            verdict.recovery = recovery;
        }
        Err(error) => world.log.wrong(format!("{error:#}")),
    }
    world.scan_logs();
    verdict.buried = world.buried();
    verdict.wrong = world.log.violations();
    world.log.write(&folder.join("nemesis.log"))?;
    crate::dump::write(&world.db, folder).await.context("keeping the tables")?;
    world.stop().await?;
    verdict.took = began.elapsed();
    Ok(verdict)
}

async fn attempt(world: &World, plan: &Plan) -> anyhow::Result<(Facts, Recovery)> {
    let gateways = Arc::new(world.addresses.clone());
    let mut users = Vec::new();
    for number in 0..plan.wishes.len() {
        users.push(User::register(&gateways, plan.seed, number).await?);
    }
    let phases = Phases { began: Instant::now(), calm: CancellationToken::new(), over: CancellationToken::new() };
    let lives = users.iter().zip(&plan.wishes).map(|(user, wishes)| {
        let (user, wishes, phases) = (user.clone(), wishes.clone(), phases.clone());
        tokio::spawn(async move { user.live(&wishes, &phases).await })
    });
    let lives: Vec<_> = lives.collect();
    let _over = phases.over.clone().drop_guard();

    let done = Done::default();
    strike_all(world, &done, &plan.faults, phases.began).await.context("a fault")?;
    tokio::time::sleep_until(phases.began + plan.load).await;
    world.log.note("the load ends");
    phases.calm.cancel();
    world.is_well().await.context("healing")?;
    world.log.note("all is well");
    check::all_ended(world).await?;
    world.log.note("every job has ended");
    let facts = check::all(world, plan, &users).await?;
    phases.over.cancel();
    for life in lives {
        life.await.context("a client")?;
    }
    world.log.note("all is checked");
    let recovery = Recovery::measure(&facts.history, &done.silences());
    Ok((facts, recovery))
}
