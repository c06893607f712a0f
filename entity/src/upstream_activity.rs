//! How the upstreams did of late: attempts that ended, how long generations took, and the last errors.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect};

use crate::attempt::{COMPLETED, Column, Entity};
use crate::{AttemptId, JobId, clock};

/// The period that is looked at.
pub const PERIOD: Duration = Duration::from_secs(3_600);

/// Maximum number of attempts that are looked at, the latest first.
const MAX_ATTEMPTS: u64 = 5_000;

/// Number of errors listed for an upstream.
const ERRORS: usize = 3;

/// The attempts at one upstream that were sent within [`PERIOD`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Generations that completed.
    pub completed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Half of the completed generations took at most this long, in milliseconds.
    pub p50: Option<i64>,
    /// The last failed attempts, newest first.
    pub last_errors: Vec<LastError>,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// The job.
    pub job: JobId,
    /// The outcome's name.
    pub outcome: String,
    /// What the upstream said, for administrators.
    pub detail: Option<String>,
    /// When the attempt ended, epoch ms.
    pub at: i64,
}

#[derive(FromQueryResult)]
struct Row {
    job_id: JobId,
    upstream: String,
    sent_at: i64,
    finished_at: i64,
    outcome: String,
    detail: Option<String>,
}

/// The activity of each upstream that was sent something within [`PERIOD`], by its name.
pub async fn read(db: &DatabaseConnection) -> Result<BTreeMap<String, Activity>, DbErr> {
    let since = clock::system_ms() - clock::millis(PERIOD);
    // Ids sort in the order of creation, so the primary key serves the query.
    let rows = Entity::find()
        .select_only()
        .columns([Column::JobId, Column::Upstream, Column::SentAt, Column::FinishedAt, Column::Outcome, Column::Detail])
        .filter(Column::Id.gte(AttemptId::first_of(since)))
        .filter(Column::FinishedAt.is_not_null())
        .filter(Column::Outcome.is_not_null())
        .order_by_desc(Column::Id)
        .limit(MAX_ATTEMPTS)
        .into_model::<Row>()
        .all(db)
        .await?;
    let (mut all, mut durations) = (BTreeMap::<_, Activity>::new(), BTreeMap::<_, Vec<i64>>::new());
    for row in rows {
        let activity = all.entry(row.upstream.clone()).or_default();
        match row.outcome.as_str() {
            COMPLETED => {
                activity.completed += 1;
                durations.entry(row.upstream).or_default().push((row.finished_at - row.sent_at).max(0));
            }
            "cancelled" => {}
            _ => {
                activity.failed += 1;
                if activity.last_errors.len() < ERRORS {
                    let Row { job_id: job, outcome, detail, finished_at: at, .. } = row;
                    activity.last_errors.push(LastError { job, outcome, detail, at });
                }
            }
        }
    }
    for (upstream, mut durations) in durations {
        durations.sort_unstable();
        if let Some(activity) = all.get_mut(&upstream) {
            activity.p50 = durations.get((durations.len() - 1) / 2).copied();
        }
    }
    Ok(all)
}
