//! Runs one seed from start to result.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use entity::job::Status;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::{self, FinalState};
use crate::client::{Phases, User};
use crate::fault::{Fault, Part};
use crate::inject::{Outages, inject_all};
use crate::plan::Plan;
use crate::platform::Platform;
use crate::postgres::Postgres;
use crate::recovery::Recovery;

/// Result of a seed.
#[derive(Debug, Default)]
pub(crate) struct SeedResult {
    /// Violations found.
    pub(crate) violations: Vec<String>,
    /// Jobs on record: in total, completed, failed, cancelled.
    pub(crate) jobs: [usize; 4],
    /// Number of injected faults.
    pub(crate) faults: usize,
    /// Requests that the simulator received, and submissions among them.
    pub(crate) requests: [u64; 2],
    /// How long jobs waited for recovery.
    pub(crate) recovery: Recovery,
    /// Number of times a processor found its lease expired by others.
    pub(crate) leases_lost: usize,
    /// Duration of the run.
    pub(crate) duration: Duration,
}

/// Runs a plan in `folder`, which keeps the logs.
///
/// # Errors
/// The run could not be carried out; this says nothing about the platform.
pub(crate) async fn run(
    plan: &Plan,
    postgres: &Arc<Postgres>,
    programs: &Path,
    folder: &Path,
) -> anyhow::Result<SeedResult> {
    let started = Instant::now();
    let platform = Platform::start(plan, postgres, programs, folder).await.context("starting the platform")?;
    platform.log.note(format!("resubmits {}, cap {}, pace {} ms", plan.resubmits, plan.cap, plan.pace));
    let tried = tokio::select! {
        tried = drive(&platform, plan) => tried,
        never = platform.supervise() => never.map(|never| match never {}),
    };
    let mut result = SeedResult { faults: plan.faults.len(), ..SeedResult::default() };
    match tried {
        Ok((final_state, recovery)) => {
            let count = |status| final_state.count(status);
            result.jobs =
                [final_state.jobs.len(), count(Status::Completed), count(Status::Failed), count(Status::Cancelled)];
            result.requests = [final_state.requests, final_state.submissions];
            result.recovery = recovery;
        }
        Err(error) => platform.log.violation(format!("{error:#}")),
    }
    platform.check_logs_for_panics();
    result.leases_lost = platform.leases_lost();
    result.violations = platform.log.violations();
    platform.log.write(&folder.join("nemesis.log"))?;
    crate::dump::write(&platform.db, folder).await.context("dumping the tables")?;
    platform.stop().await?;
    result.duration = started.elapsed();
    Ok(result)
}

async fn drive(platform: &Platform, plan: &Plan) -> anyhow::Result<(FinalState, Recovery)> {
    let gateways = Arc::new(platform.addresses.clone());
    let mut users = Vec::new();
    for number in 0..plan.jobs.len() {
        let user = User::register(&gateways, plan.seed, number).await?;
        user.register_webhook(&platform.webhook_url).await.context("registering a webhook")?;
        users.push(user);
    }
    let phases =
        Phases { started: Instant::now(), load_ended: CancellationToken::new(), finished: CancellationToken::new() };
    let user_tasks = users.iter().zip(&plan.jobs).map(|(user, jobs)| {
        let (user, jobs, phases) = (user.clone(), jobs.clone(), phases.clone());
        tokio::spawn(async move { user.run(&jobs, &phases).await })
    });
    let user_tasks: Vec<_> = user_tasks.collect();
    let _finish_on_exit = phases.finished.clone().drop_guard();

    let outages = Outages::default();
    inject_all(platform, &outages, &plan.faults, phases.started).await.context("injecting a fault")?;
    tokio::time::sleep_until(phases.started + plan.load).await;
    platform.log.note("the load has ended");
    phases.load_ended.cancel();
    platform.wait_until_healthy().await.context("recovering from the faults")?;
    platform.log.note("every process is ready");
    check::wait_until_jobs_ended(platform).await?;
    platform.log.note("every job has ended");
    let final_state = check::run_all(platform, plan, &users).await?;
    phases.finished.cancel();
    for task in user_tasks {
        task.await.context("a user's task")?;
    }
    platform.log.note("the checks are complete");
    // Times of commits mean nothing if the database's clock was set.
    let clock_set = plan.faults.iter().any(|timed| matches!(timed.fault, Fault::SetClock(Part::Postgres, ..)));
    let outages = if clock_set { Vec::new() } else { outages.list() };
    let recovery = Recovery::measure(&final_state.history, &outages);
    Ok((final_state, recovery))
}
