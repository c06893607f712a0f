//! Estimates of how long a job takes, from the latest completed jobs of the same model and length.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Column, Entity, Model, Status};

/// Number of latest completed jobs that an estimate is based on.
const SAMPLE_SIZE: u64 = 50;

/// Minimum number of jobs for an estimate.
const MIN_SAMPLES: usize = 3;

/// How long an estimate is cached. It changes slowly, and views read shortly after each other should agree.
const CACHE_TTL: Duration = Duration::from_secs(15);

/// Duration of a job in whole seconds, from its first claim to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Eta {
    /// Half of the latest jobs took at most this long.
    pub p50: u64,
    /// Nine in ten of them took at most this long.
    pub p90: u64,
}

impl Eta {
    /// Computes the percentiles of durations in milliseconds; `None` if there are too few.
    fn from_durations(mut durations: Vec<i64>) -> Option<Self> {
        durations.sort_unstable();
        let last = durations.len().checked_sub(1).filter(|_| durations.len() >= MIN_SAMPLES)?;
        let at = |percent: usize| durations.get((last * percent).div_ceil(100)).copied();
        let seconds = |ms: i64| u64::try_from(ms).unwrap_or(0).div_ceil(1_000);
        Some(Self { p50: seconds(at(50)?), p90: seconds(at(90)?) })
    }
}

type Kind = (String, i32);

/// Cached estimates by model and length.
#[derive(Default)]
pub struct Estimates {
    cache: Mutex<HashMap<Kind, (Instant, Option<Eta>)>>,
}

impl Estimates {
    /// The estimate for `job`, unless it has finished. On a database error, returns the last known estimate.
    pub async fn of(&self, db: &DatabaseConnection, job: &Model) -> Option<Eta> {
        if job.status.is_terminal() {
            return None;
        }
        let kind = (job.model.clone(), job.seconds);
        let cached = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).copied();
        if let Some((computed_at, eta)) = cached
            && computed_at.elapsed() < CACHE_TTL
        {
            return eta;
        }
        let eta = durations(db, &kind).await.map_or_else(|_| cached.and_then(|(_, eta)| eta), Eta::from_durations);
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (Instant::now(), eta));
        eta
    }
}

async fn durations(db: &DatabaseConnection, (model, seconds): &Kind) -> Result<Vec<i64>, DbErr> {
    let latest: Vec<(Option<i64>, Option<i64>)> = Entity::find()
        .select_only()
        .column(Column::StartedAt)
        .column(Column::FinishedAt)
        .filter(Column::Model.eq(model.as_str()))
        .filter(Column::Seconds.eq(*seconds))
        .filter(Column::Status.eq(Status::Completed))
        .order_by_desc(Column::FinishedAt)
        .limit(SAMPLE_SIZE)
        .into_tuple()
        .all(db)
        .await?;
    Ok(latest.into_iter().filter_map(|(started, finished)| Some(finished? - started?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_percentiles_of_enough_jobs() {
        assert_eq!(Eta::from_durations(vec![]), None);
        assert_eq!(Eta::from_durations(vec![1_000, 2_000]), None);
        assert_eq!(Eta::from_durations(vec![9_001, 1_000, 2_000]), Some(Eta { p50: 2, p90: 10 }));
        assert_eq!(
            Eta::from_durations((1..=50).map(|second| second * 1_000).collect()),
            Some(Eta { p50: 26, p90: 46 })
        );
    }
}
