//! The checks: run from outside the platform, after the last fault and once every job has ended.
//!
//! | module | checks |
//! |---|---|
//! | [`jobs`] | each accepted job ended exactly once, and no state went backwards |
//! | [`charges`] | the simulator's request counts against the attempts and budgets on record |
//! | [`client_views`] | what clients saw was committed, in order and complete |
//! | [`videos`] | the file of a completed job is intact |
//! | [`webhooks`] | each end was reported to the owner's webhook |
//! | [`leftovers`] | Redis and the workers table hold nothing that should be gone |

mod charges;
mod client_views;
mod jobs;
mod leftovers;
mod videos;
mod webhooks;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use entity::{attempt, job, video};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::client::User;
use crate::history::{History, sql};
use crate::plan::Plan;
use crate::platform::Platform;
use crate::wait::wait_for;

/// Maximum time from the last fault until the last job ends.
const JOBS_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything on record at the end of a run.
pub(crate) struct FinalState {
    /// Every committed state.
    pub(crate) history: History,
    /// The final job rows.
    pub(crate) jobs: BTreeMap<Uuid, job::Model>,
    /// Attempts by job.
    pub(crate) attempts: BTreeMap<Uuid, Vec<attempt::Model>>,
    /// Videos by job.
    pub(crate) videos: BTreeMap<Uuid, Vec<video::Model>>,
    /// Requests that the simulator received.
    pub(crate) requests: u64,
    /// Submissions among them.
    pub(crate) submissions: u64,
}

/// Waits until every job has ended, including jobs whose acceptance no client saw.
///
/// # Errors
/// Names the jobs that have not ended in time.
pub(crate) async fn wait_until_jobs_ended(platform: &Platform) -> anyhow::Result<()> {
    use sea_orm::ConnectionTrait;
    let query = "SELECT id::text || ' ' || status || ' ' || coalesce(phase, '-') FROM jobs \
                      WHERE status IN ('pending', 'processing')";
    let mut unfinished = Vec::new();
    let ended = wait_for("every job has ended", JOBS_TIMEOUT, async || {
        let rows = platform.db.query_all_raw(sql(query)).await.ok()?;
        unfinished = rows.iter().filter_map(|row| row.try_get_by_index::<String>(0).ok()).collect();
        unfinished.is_empty().then_some(())
    })
    .await;
    ended.with_context(|| format!("{} jobs have not ended: {}", unfinished.len(), unfinished.join(", ")))
}

/// Runs all checks and logs violations.
///
/// # Errors
/// A check could not be carried out.
pub(crate) async fn run_all(platform: &Platform, plan: &Plan, users: &[User]) -> anyhow::Result<FinalState> {
    leftovers::check(platform).await;
    client_views::check_caught_up(platform, users).await;
    wait_until_jobs_ended(platform).await?;
    let mut final_state = FinalState::read(platform).await?;
    jobs::check(platform, &final_state, users);
    charges::check(platform, &mut final_state, plan).await?;
    client_views::check(platform, &final_state, users).await?;
    videos::check(platform, &final_state, users).await?;
    webhooks::check(platform, &final_state).await;
    // Nothing may have changed during the checks.
    let later = FinalState::read(platform).await?;
    for (id, job) in &final_state.jobs {
        if later.jobs.get(id) != Some(job) {
            platform.log.violation(format!("job {id} changed during the checks: {:?}", later.jobs.get(id)));
        }
    }
    Ok(final_state)
}

impl FinalState {
    async fn read(platform: &Platform) -> anyhow::Result<Self> {
        let db = &platform.db;
        let jobs = job::Entity::find().all(db).await.context("reading jobs")?;
        let mut final_state = Self {
            history: History::read(db).await?,
            jobs: jobs.into_iter().map(|job| (job.id.into(), job)).collect(),
            attempts: BTreeMap::new(),
            videos: BTreeMap::new(),
            requests: 0,
            submissions: 0,
        };
        for attempt in attempt::Entity::find().all(db).await.context("reading attempts")? {
            final_state.attempts.entry(attempt.job_id.into()).or_default().push(attempt);
        }
        for video in video::Entity::find().all(db).await.context("reading videos")? {
            final_state.videos.entry(video.job_id.into()).or_default().push(video);
        }
        Ok(final_state)
    }

    /// Attempts of one job.
    fn attempts(&self, job: Uuid) -> &[attempt::Model] {
        self.attempts.get(&job).map_or(&[], Vec::as_slice)
    }

    /// Number of jobs that ended as `status`.
    pub(crate) fn count(&self, status: job::Status) -> usize {
        self.jobs.values().filter(|job| job.status == status).count()
    }
}
