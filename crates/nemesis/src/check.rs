//! Whether the platform kept its promises: asked from outside, once every job has ended and the faults are finished.
//!
//! | module | asks |
//! |---|---|
//! | [`jobs`] | one terminal state each, no step back, nothing lost |
//! | [`charges`] | what the simulator was asked, against what was allowed and put on record |
//! | [`client_views`] | whether what clients saw was true, in order, and complete |
//! | [`videos`] | whether a completed job's file is whole |
//! | [`leftovers`] | what Redis, the workers' table and the storage still hold |

mod charges;
mod client_views;
mod jobs;
mod leftovers;
mod videos;

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

/// How long the last job may take after the last fault.
const JOBS_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything that is on record at the end.
pub(crate) struct FinalState {
    /// What was ever committed.
    pub(crate) history: History,
    /// The jobs as they stand.
    pub(crate) jobs: BTreeMap<Uuid, job::Model>,
    /// Their attempts.
    pub(crate) attempts: BTreeMap<Uuid, Vec<attempt::Model>>,
    /// Their videos.
    pub(crate) videos: BTreeMap<Uuid, Vec<video::Model>>,
    /// Requests that the simulator received, and submissions among them.
    pub(crate) requests: u64,
    /// See `requests`.
    pub(crate) submissions: u64,
}

/// Waits until every job has ended, however it was accepted.
///
/// # Errors
/// Some have not in time; names them.
pub(crate) async fn wait_until_jobs_ended(platform: &Platform) -> anyhow::Result<()> {
    use sea_orm::ConnectionTrait;
    let unfinished = "SELECT id::text || ' ' || status || ' ' || coalesce(phase, '-') FROM jobs \
                      WHERE status IN ('pending', 'processing')";
    let mut left = Vec::new();
    let ended = wait_for("every job has ended", JOBS_TIMEOUT, async || {
        let rows = platform.db.query_all_raw(sql(unfinished)).await.ok()?;
        left = rows.iter().filter_map(|row| row.try_get_by_index::<String>(0).ok()).collect();
        left.is_empty().then_some(())
    })
    .await;
    ended.with_context(|| format!("{} jobs have not ended: {}", left.len(), left.join(", ")))
}

/// Asks everything, noting what is wrong.
///
/// # Errors
/// Something could not be asked.
pub(crate) async fn run_all(platform: &Platform, plan: &Plan, users: &[User]) -> anyhow::Result<FinalState> {
    leftovers::wait_until_empty(platform).await;
    client_views::wait_until_caught_up(platform, users).await;
    wait_until_jobs_ended(platform).await?;
    let mut final_state = FinalState::read(platform).await?;
    jobs::check(platform, &final_state, users);
    charges::check(platform, &mut final_state, plan).await?;
    client_views::check(platform, &final_state, users).await?;
    videos::check(platform, &final_state, users).await?;
    // Nothing may have stirred since.
    let later = FinalState::read(platform).await?;
    for (id, job) in &final_state.jobs {
        if later.jobs.get(id) != Some(job) {
            platform.log.violation(format!("job {id} changed after it had ended: {:?}", later.jobs.get(id)));
        }
    }
    Ok(final_state)
}

impl FinalState {
    async fn read(platform: &Platform) -> anyhow::Result<Self> {
        let db = &platform.db;
        let jobs = job::Entity::find().all(db).await.context("the jobs")?;
        let mut final_state = Self {
            history: History::read(db).await?,
            jobs: jobs.into_iter().map(|job| (job.id.into(), job)).collect(),
            attempts: BTreeMap::new(),
            videos: BTreeMap::new(),
            requests: 0,
            submissions: 0,
        };
        for attempt in attempt::Entity::find().all(db).await.context("the attempts")? {
            final_state.attempts.entry(attempt.job_id.into()).or_default().push(attempt);
        }
        for video in video::Entity::find().all(db).await.context("the videos")? {
            final_state.videos.entry(video.job_id.into()).or_default().push(video);
        }
        Ok(final_state)
    }

    /// A job's attempts.
    fn attempts(&self, job: Uuid) -> &[attempt::Model] {
        self.attempts.get(&job).map_or(&[], Vec::as_slice)
    }

    /// How many jobs ended as `status`.
    pub(crate) fn count(&self, status: job::Status) -> usize {
        self.jobs.values().filter(|job| job.status == status).count()
    }
}
