//! How long a job is likely to take: as long as the latest ones of its model and length.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Column, Entity, Model, Status};

/// Latest completed jobs that are looked at.
const LATEST: u64 = 50;

/// Fewest that say anything.
const FEWEST: usize = 3;

/// How long an answer is good for: a job's neighbours change slowly, and views should be comparable meanwhile.
const FRESH: Duration = Duration::from_secs(15);

/// Whole seconds from the start of work to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Eta {
    /// Half of them took at most this long.
    pub p50: u64,
    /// Nine in ten did.
    pub p90: u64,
}

impl Eta {
    /// Of how long jobs took, in milliseconds; nothing if they are too few.
    fn of(mut took: Vec<i64>) -> Option<Self> {
        took.sort_unstable();
        let last = took.len().checked_sub(1).filter(|_| took.len() >= FEWEST)?;
        let at = |percent: usize| took.get((last * percent).div_ceil(100)).copied();
        let seconds = |took: i64| u64::try_from(took).unwrap_or(0).div_ceil(1_000);
        Some(Self { p50: seconds(at(50)?), p90: seconds(at(90)?) })
    }
}

type Kind = (String, i32);

/// Estimates by kind of job, asked for once in a while.
#[derive(Default)]
pub struct Estimates {
    known: Mutex<HashMap<Kind, (Instant, Option<Eta>)>>,
}

impl Estimates {
    /// For `job`, unless it has ended. A database that does not answer is no reason to say nothing else.
    pub async fn of(&self, db: &DatabaseConnection, job: &Model) -> Option<Eta> {
        if job.status.is_terminal() {
            return None;
        }
        let kind = (job.model.clone(), job.seconds);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).copied();
        if let Some((asked, eta)) = known
            && asked.elapsed() < FRESH
        {
            return eta;
        }
        let eta = took(db, &kind).await.map_or_else(|_| known.and_then(|(_, eta)| eta), Eta::of);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (Instant::now(), eta));
        eta
    }
}

async fn took(db: &DatabaseConnection, (model, seconds): &Kind) -> Result<Vec<i64>, DbErr> {
    let latest: Vec<(Option<i64>, Option<i64>)> = Entity::find()
        .select_only()
        .column(Column::StartedAt)
        .column(Column::FinishedAt)
        .filter(Column::Model.eq(model.as_str()))
        .filter(Column::Seconds.eq(*seconds))
        .filter(Column::Status.eq(Status::Completed))
        .order_by_desc(Column::FinishedAt)
        .limit(LATEST)
        .into_tuple()
        .all(db)
        .await?;
    Ok(latest.into_iter().filter_map(|(started, finished)| Some(finished? - started?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_nothing_of_too_few_and_the_usual_of_many() {
        assert_eq!(Eta::of(vec![]), None);
        assert_eq!(Eta::of(vec![1_000, 2_000]), None);
        assert_eq!(Eta::of(vec![9_001, 1_000, 2_000]), Some(Eta { p50: 2, p90: 10 }));
        assert_eq!(Eta::of((1..=50).map(|second| second * 1_000).collect()), Some(Eta { p50: 26, p90: 46 }));
    }
}
