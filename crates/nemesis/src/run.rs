//! One seed from its first process to its result.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use entity::job::Status;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::{self, FinalState};
use crate::client::{Phases, User};
use crate::inject::{Outages, inject_all};
use crate::plan::Plan;
use crate::platform::Platform;
use crate::postgres::Postgres;
use crate::recovery::Recovery;

/// What came of a seed.
#[derive(Debug, Default)]
pub(crate) struct SeedResult {
    /// What is wrong.
    pub(crate) violations: Vec<String>,
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
    postgres: &Arc<Postgres>,
    programs: &Path,
    folder: &Path,
) -> anyhow::Result<SeedResult> {
    let began = Instant::now();
    let platform = Platform::start(plan, postgres, programs, folder).await.context("starting the platform")?;
    platform.log.note(format!("resubmits {}, cap {}, pace {} ms", plan.resubmits, plan.cap, plan.pace));
    let tried = tokio::select! {
        tried = attempt(&platform, plan) => tried,
        never = platform.supervise() => never.map(|never| match never {}),
    };
    let mut result = SeedResult { faults: plan.faults.len(), ..SeedResult::default() };
    match tried {
        Ok((final_state, recovery)) => {
            let count = |status| final_state.count(status);
            result.jobs =
                [final_state.jobs.len(), count(Status::Completed), count(Status::Failed), count(Status::Cancelled)];
            result.asked = [final_state.requests, final_state.submissions];
            result.recovery = recovery;
        }
        Err(error) => platform.log.violation(format!("{error:#}")),
    }
    platform.check_logs_for_panics();
    result.buried = platform.workers_reaped_alive();
    result.violations = platform.log.violations();
    platform.log.write(&folder.join("nemesis.log"))?;
    crate::dump::write(&platform.db, folder).await.context("keeping the tables")?;
    platform.stop().await?;
    result.took = began.elapsed();
    Ok(result)
}

async fn attempt(platform: &Platform, plan: &Plan) -> anyhow::Result<(FinalState, Recovery)> {
    let gateways = Arc::new(platform.addresses.clone());
    let mut users = Vec::new();
    for number in 0..plan.jobs.len() {
        users.push(User::register(&gateways, plan.seed, number).await?);
    }
    let phases =
        Phases { began: Instant::now(), load_ended: CancellationToken::new(), finished: CancellationToken::new() };
    let lives = users.iter().zip(&plan.jobs).map(|(user, jobs)| {
        let (user, jobs, phases) = (user.clone(), jobs.clone(), phases.clone());
        tokio::spawn(async move { user.run(&jobs, &phases).await })
    });
    let lives: Vec<_> = lives.collect();
    let _over = phases.finished.clone().drop_guard();

    let done = Outages::default();
    inject_all(platform, &done, &plan.faults, phases.began).await.context("a fault")?;
    tokio::time::sleep_until(phases.began + plan.load).await;
    platform.log.note("the load ends");
    phases.load_ended.cancel();
    platform.wait_until_healthy().await.context("healing")?;
    platform.log.note("all is well");
    check::wait_until_jobs_ended(platform).await?;
    platform.log.note("every job has ended");
    let final_state = check::run_all(platform, plan, &users).await?;
    phases.finished.cancel();
    for life in lives {
        life.await.context("a client")?;
    }
    platform.log.note("all is checked");
    let recovery = Recovery::measure(&final_state.history, &done.list());
    Ok((final_state, recovery))
}
