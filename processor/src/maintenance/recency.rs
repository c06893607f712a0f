//! Notices an older copy of the database, such as a backup that was put in place without `migration restored`. The jobs that are
//! unfinished in it may have been paid for since, so none is started.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Recency;
use entity::recency;

use crate::context::Context;
use crate::maintenance::reconciler::Error;

/// How often the database's number is raised, by all processors together.
const INTERVAL: Duration = Duration::from_secs(10);

/// By how much the number may be lower than the one in Redis: a standby that takes over can lack the latest seconds.
const TOLERANCE: i64 = 1;

/// Whether the database is the one with which the processors worked last, as far as is known.
pub(crate) struct DatabaseState(AtomicBool);

impl Default for DatabaseState {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl DatabaseState {
    /// Whether the database is current.
    pub(crate) fn is_current(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Compares the database with what Redis knows of it, and returns whether it is current.
///
/// # Errors
/// The database or Redis does not answer.
pub(crate) async fn check(context: &Context) -> Result<bool, Error> {
    // Redis is read first: what it holds was committed before.
    let known = context.bus.recency().await?;
    let is_current = !is_older(held(context).await?, known);
    let was_current = context.database_state.0.swap(is_current, Ordering::Relaxed);
    if is_current {
        recency::raise(&context.db, INTERVAL).await?;
        context.bus.record_recency(held(context).await?).await?;
    }
    match (was_current, is_current) {
        (true, false) => tracing::error!(
            "the database is older than the one before it: no job is started, because those that are unfinished in it may have \
             been paid for since. If a backup was put in place, stop all processors, run `migration restored`, and start \
             them again"
        ),
        (false, true) => tracing::info!("the database is current; jobs are started again"),
        _ => {}
    }
    Ok(is_current)
}

/// What the database holds.
async fn held(context: &Context) -> Result<Recency, Error> {
    let row = recency::current(&context.db).await?;
    Ok(Recency { database: row.database_id, tick: row.tick })
}

fn is_older(held: Recency, known: Option<Recency>) -> bool {
    known.is_some_and(|known| known.database == held.database && known.tick > held.tick + TOLERANCE)
}

#[cfg(test)]
mod tests {
    use entity::storage_id;

    use super::*;

    #[test]
    fn only_an_older_copy_of_the_same_database_is_older() {
        let (ours, other) = (storage_id::generate(), storage_id::generate());
        let held = Recency { database: ours, tick: 10 };
        let known = |database, tick| Some(Recency { database, tick });
        assert!(is_older(held, known(ours, 12)));
        assert!(!is_older(held, known(ours, 11)), "a standby may lack the latest seconds");
        assert!(!is_older(held, known(ours, 3)), "Redis lost its latest data");
        assert!(!is_older(held, known(other, 99)));
        assert!(!is_older(held, None));
    }
}
