//! Transitions of jobs and attempts: those of different jobs that are due at the same time share a statement.
//!
//! Each transition is as atomic and as fenced as if it were alone. When the database rejects a statement, or rolls it back
//! because it deadlocked with another that changes several jobs, its transitions are repeated one by one.

use std::sync::Arc;

use entity::attempt::{self, NewAttempt};
use entity::job::{self, AttemptStart, ClaimResult, JobClaim, Model, NewVideo, Phase};
use entity::submission::Caps;
use entity::{AttemptId, DatabaseConnection, DbErr, JobId, WorkerId, database};
use service::batch::{Batcher, Unanswered};

/// Maximum number of batches of a kind at a time; a part of the connections to the database.
const PARALLEL: usize = 2;

/// Maximum number of transitions in a batch.
const MAX_SIZE: usize = 64;

type Transition<Q, A> = Batcher<Q, Result<A, DbErr>>;

/// Carries out transitions. Dropping the future of one does not prevent it.
pub(crate) struct Transitions {
    claims: Transition<(JobId, WorkerId), ClaimResult>,
    attempts: Transition<(JobClaim, NewAttempt), AttemptStart>,
    acceptances: Transition<(AttemptId, Option<String>), ()>,
    results: Transition<(AttemptId, String), ()>,
    progress: Transition<(JobClaim, (Phase, i32)), Option<Model>>,
    completions: Transition<(JobClaim, NewVideo), Option<Model>>,
}

impl Transitions {
    /// Prepares transitions in `db`, with these daily caps on submissions.
    pub(crate) fn new(db: &DatabaseConnection, caps: Caps) -> Self {
        Self {
            claims: start(db, |db, claims| async move { job::claim_each(&db, &claims).await }),
            attempts: start(db, move |db, new| async move { job::start_attempts(&db, &new, caps).await }),
            acceptances: start(db, |db, accepted| async move {
                attempt::record_each_accepted(&db, &accepted).await?;
                Ok(vec![(); accepted.len()])
            }),
            results: start(db, |db, completed| async move {
                attempt::complete_each(&db, &completed).await?;
                Ok(vec![(); completed.len()])
            }),
            progress: start(db, |db, changes| async move { job::advance_each(&db, &changes).await }),
            completions: start(db, |db, completed| async move { job::complete_each(&db, &completed).await }),
        }
    }

    /// [`job::claim`].
    pub(crate) async fn claim(&self, id: JobId, worker: WorkerId) -> Result<ClaimResult, DbErr> {
        send(&self.claims, (id, worker)).await
    }

    /// [`job::start_attempt`].
    pub(crate) async fn start_attempt(&self, claim: JobClaim, new: NewAttempt) -> Result<AttemptStart, DbErr> {
        send(&self.attempts, (claim, new)).await
    }

    /// [`attempt::record_accepted`].
    pub(crate) async fn record_accepted(&self, id: AttemptId, upstream_id: Option<String>) -> Result<(), DbErr> {
        send(&self.acceptances, (id, upstream_id)).await
    }

    /// Ends an attempt whose result is at this address. See [`attempt::complete_each`].
    pub(crate) async fn complete_attempt(&self, id: AttemptId, url: String) -> Result<(), DbErr> {
        send(&self.results, (id, url)).await
    }

    /// [`job::advance`].
    pub(crate) async fn advance(&self, claim: JobClaim, phase: Phase, percent: i32) -> Result<Option<Model>, DbErr> {
        send(&self.progress, (claim, (phase, percent))).await
    }

    /// [`job::complete`].
    pub(crate) async fn complete(&self, claim: JobClaim, video: NewVideo) -> Result<Option<Model>, DbErr> {
        send(&self.completions, (claim, video)).await
    }
}

/// Starts a batcher whose batches are one call of `run`, which returns one result per request, in their order.
fn start<Q, A, R, F>(db: &DatabaseConnection, run: R) -> Transition<Q, A>
where
    Q: Clone + Send + Sync + 'static,
    A: Send + 'static,
    R: Fn(DatabaseConnection, Vec<Q>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Vec<A>, DbErr>> + Send,
{
    let (db, run) = (db.clone(), Arc::new(run));
    Batcher::start(PARALLEL, MAX_SIZE, move |requests: Vec<Q>| {
        let (db, run) = (db.clone(), run.clone());
        async move {
            match run(db.clone(), requests.clone()).await {
                Ok(results) => results.into_iter().map(Ok).collect(),
                Err(error) if requests.len() > 1 && is_rolled_back(&error) => {
                    let mut results = Vec::with_capacity(requests.len());
                    for request in requests {
                        let alone = run(db.clone(), vec![request]).await;
                        results.push(alone.and_then(|mut results| results.pop().ok_or_else(|| unanswered(Unanswered))));
                    }
                    results
                }
                Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
            }
        }
    })
}

/// Whether a statement surely changed nothing, and may succeed in parts.
fn is_rolled_back(error: &DbErr) -> bool {
    database::is_deadlock(error) || !database::is_transient(error)
}

async fn send<Q: Send + 'static, A: Send + 'static>(transitions: &Transition<Q, A>, request: Q) -> Result<A, DbErr> {
    transitions.send(request).await.map_err(unanswered)?
}

fn unanswered(error: Unanswered) -> DbErr {
    DbErr::Custom(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use entity::DbErr;
    use futures::future::join_all;
    use sea_orm::{ConnAcquireErr, DatabaseConnection};

    use super::*;

    /// Doubles numbers, and rejects a batch that contains 13.
    fn doubled(numbers: Vec<i32>, rejection: DbErr) -> Result<Vec<i32>, DbErr> {
        if numbers.contains(&13) { Err(rejection) } else { Ok(numbers.into_iter().map(|number| number * 2).collect()) }
    }

    #[tokio::test]
    async fn one_that_is_rejected_does_not_fail_the_others() {
        let rejection = || DbErr::Custom("rejected".into());
        let transitions =
            start(&DatabaseConnection::default(), move |_, numbers| async move { doubled(numbers, rejection()) });
        let results = join_all([12, 13, 14].map(|number| send(&transitions, number))).await;
        assert_eq!((results[0].as_ref().unwrap(), results[2].as_ref().unwrap()), (&24, &28));
        assert!(matches!(&results[1], Err(DbErr::Custom(_))));
    }

    #[tokio::test]
    async fn none_is_repeated_while_the_database_is_away() {
        let away = || DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let transitions = start(&DatabaseConnection::default(), move |_, numbers| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move { doubled(numbers, away()) }
        });
        let results = join_all([12, 13, 14].map(|number| send(&transitions, number))).await;
        assert!(results.iter().all(|result| matches!(result, Err(DbErr::ConnectionAcquire(_)))));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}
