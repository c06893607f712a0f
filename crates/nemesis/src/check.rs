//! Whether the platform kept its promises: asked from outside, once every job has ended and the faults are over.
//!
//! | module | asks |
//! |---|---|
//! | [`lives`] | one terminal state each, no step back, nothing lost |
//! | [`money`] | what the simulator was asked, against what was allowed and put on record |
//! | [`seen`] | whether what clients saw was true, in order, and complete |
//! | [`videos`] | whether a completed job's file is whole |
//! | [`left`] | what Redis, the workers' table and the storage still hold |

mod left;
mod lives;
mod money;
mod seen;
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
use crate::wait::until;
use crate::world::World;

/// How long the last job may take after the last fault.
const ENDED: Duration = Duration::from_secs(60);

/// Everything that is on record at the end.
pub(crate) struct Facts {
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
pub(crate) async fn all_ended(world: &World) -> anyhow::Result<()> {
    use sea_orm::ConnectionTrait;
    let unfinished = "SELECT id::text || ' ' || status || ' ' || coalesce(phase, '-') FROM jobs \
                      WHERE status IN ('pending', 'processing')";
    let mut left = Vec::new();
    let ended = until("every job has ended", ENDED, async || {
        let rows = world.db.query_all_raw(sql(unfinished)).await.ok()?;
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
pub(crate) async fn all(world: &World, plan: &Plan, users: &[User]) -> anyhow::Result<Facts> {
    left::let_go(world).await;
    seen::caught_up(world, users).await;
    all_ended(world).await?;
    let mut facts = Facts::read(world).await?;
    lives::check(world, &facts, users);
    money::check(world, &mut facts, plan).await?;
    seen::check(world, &facts, users).await?;
    videos::check(world, &facts, users).await?;
    // Nothing may have stirred since.
    let later = Facts::read(world).await?;
    for (id, job) in &facts.jobs {
        if later.jobs.get(id) != Some(job) {
            world.log.wrong(format!("job {id} changed after it had ended: {:?}", later.jobs.get(id)));
        }
    }
    Ok(facts)
}

impl Facts {
    async fn read(world: &World) -> anyhow::Result<Self> {
        let db = &world.db;
        let jobs = job::Entity::find().all(db).await.context("the jobs")?;
        let mut facts = Self {
            history: History::read(db).await?,
            jobs: jobs.into_iter().map(|job| (job.id.into(), job)).collect(),
            attempts: BTreeMap::new(),
            videos: BTreeMap::new(),
            requests: 0,
            submissions: 0,
        };
        for attempt in attempt::Entity::find().all(db).await.context("the attempts")? {
            facts.attempts.entry(attempt.job_id.into()).or_default().push(attempt);
        }
        for video in video::Entity::find().all(db).await.context("the videos")? {
            facts.videos.entry(video.job_id.into()).or_default().push(video);
        }
        Ok(facts)
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
