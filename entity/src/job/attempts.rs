//! A job's attempts: what may be sent, how it ended, and what is still open at the upstream.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{QuerySelect, Select};

use super::claim::{JobClaim, claimed_rows, update_claimed};
use super::update::take_job;
use super::{Column, Entity, Model, Phase, Status};
use crate::attempt::{self, End, NewAttempt};
use crate::spending::{self, Refusal, Reservation};
use crate::submission::{self, Caps};
use crate::{AttemptId, clock, database};

/// The result of trying to start an attempt.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "exists for one match on the stack of one task")]
pub enum AttemptStart {
    /// The attempt is recorded and its request must be sent; the job as committed.
    Started(Model),
    /// The claim no longer holds, or the owner cancelled the job.
    NotHeld,
    /// A daily cap or a budget is reached.
    CapReached(Refusal),
}

/// Records an attempt. See [`start_attempts`].
pub async fn start_attempt(
    db: &DatabaseConnection,
    claim: JobClaim,
    new: NewAttempt,
    caps: Caps,
) -> Result<AttemptStart, DbErr> {
    Ok(start_attempts(db, &[(claim, new)], caps).await?.pop().unwrap_or(AttemptStart::NotHeld))
}

/// Records attempts of different jobs, each before the first byte of its request is sent, or not at all. Returns one result per
/// attempt, in their order. After an error nothing may be sent.
///
/// The attempts count among the day's submissions, and what they may cost is reserved in the budgets; their fate is unknown until
/// an outcome is recorded.
pub async fn start_attempts(
    db: &DatabaseConnection,
    new: &[(JobClaim, NewAttempt)],
    caps: Caps,
) -> Result<Vec<AttemptStart>, DbErr> {
    if let Ok(started) = start_within_caps(db, new, caps).await? {
        return Ok(started);
    }
    // Some of them reach a cap: each on its own shows which.
    let mut started = Vec::with_capacity(new.len());
    for one in new {
        let alone = start_within_caps(db, std::slice::from_ref(one), caps).await?;
        started.extend(alone.unwrap_or_else(|refusal| vec![AttemptStart::CapReached(refusal)]));
    }
    Ok(started)
}

/// Records all of the attempts whose claim holds, or none if they reach a cap together.
async fn start_within_caps(
    db: &DatabaseConnection,
    new: &[(JobClaim, NewAttempt)],
    caps: Caps,
) -> Result<Result<Vec<AttemptStart>, Refusal>, DbErr> {
    let tx = database::begin(db).await?;
    let rows = claimed_rows(new.iter().map(|(claim, _)| (*claim, ())));
    let mut jobs = update_claimed(&rows)
        .filter(Column::CancelRequestedAt.is_null())
        .col_expr(Column::Phase, Expr::value(Phase::Submitting))
        .col_expr(Column::Progress, Expr::value(0))
        .exec_with_returning(&tx)
        .await?;
    let mut attempts = Vec::with_capacity(jobs.len());
    let mut started = Vec::with_capacity(new.len());
    for (claim, new) in new {
        started.push(match take_job(&mut jobs, claim.job) {
            Some(job) => {
                attempts.push((job.user_id, *claim, new));
                AttemptStart::Started(job)
            }
            None => AttemptStart::NotHeld,
        });
    }
    if attempts.is_empty() {
        return Ok(Ok(started));
    }
    let charges = attempts.iter().map(|(user, _, new)| (submission::day_of(new.sent_at), *user));
    if !submission::charge(&tx, charges, caps).await? {
        return Ok(Err(Refusal::Submissions));
    }
    let reservations: Vec<Reservation> = attempts
        .iter()
        .map(|(user, _, new)| Reservation { user: *user, sent_at: new.sent_at, cost: new.cost })
        .collect();
    if let Some(refusal) = spending::reserve(&tx, &reservations, &caps.budgets).await? {
        return Ok(Err(refusal));
    }
    let new = attempts.iter().map(|(_, claim, new)| (*claim, *new));
    attempt::insert(&tx, new, caps.budgets.currency).await?;
    tx.commit().await?;
    Ok(Ok(started))
}

/// Records how an attempt ended. An attempt that was certainly no submission is subtracted from its day's count, and what it
/// had reserved is given back.
pub async fn finish_attempt(db: &DatabaseConnection, id: AttemptId, end: End<'_>) -> Result<(), DbErr> {
    let update = attempt::ended(id, end);
    if end.may_have_been_charged {
        return update.exec(db).await.map(drop);
    }
    let tx = database::begin(db).await?;
    let counted = attempt::Column::MayHaveBeenCharged.eq(true);
    let attempt = update.filter(counted).exec_with_returning(&tx).await?.pop();
    if let Some(attempt) = attempt
        && let Some(job) = Entity::find_by_id(attempt.job_id).one(&tx).await?
    {
        submission::refund(&tx, submission::day_of(attempt.sent_at), job.user_id).await?;
        if let (Some(cost), Some(currency)) = (attempt.cost.filter(|cost| *cost > 0), &attempt.currency) {
            spending::refund(&tx, job.user_id, attempt.sent_at, (cost, currency)).await?;
        }
    }
    tx.commit().await
}

/// How long the worker of a cancelled job has to cancel the generation at the upstream before others do.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// Up to `limit` attempts that one of `upstreams` may still be processing although their jobs were cancelled. Jobs cancelled in
/// the last seconds are left to their workers.
pub async fn cancelled_open_attempts(
    db: &DatabaseConnection,
    upstreams: &[String],
    limit: u64,
) -> Result<Vec<attempt::Model>, DbErr> {
    let now = || clock::now(db.get_database_backend());
    let latest = now().sub(clock::millis(CANCEL_GRACE));
    let finished_at = || Expr::col(Column::FinishedAt);
    let cancelled = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Status.eq(Status::Cancelled))
        // A time in the future is one before the clock was set back.
        .and_where(finished_at().lt(latest).or(finished_at().gt(now())))
        .take();
    open_attempts()
        .filter(attempt::Column::Upstream.is_in(upstreams))
        .filter(attempt::Column::JobId.in_subquery(cancelled))
        .limit(limit)
        .all(db)
        .await
}

/// Maximum number of attempts listed by [`open_attempts_at_other_upstreams`].
const MAX_LISTED: u64 = 100;

/// Attempts of unfinished jobs that are open at other upstreams than `upstreams`, at most a hundred. This process cannot ask
/// about them any more.
pub async fn open_attempts_at_other_upstreams(
    db: &DatabaseConnection,
    upstreams: &[String],
) -> Result<Vec<attempt::Model>, DbErr> {
    let unfinished =
        Query::select().column(Column::Id).from(Entity).and_where(Column::Status.is_in(Status::UNFINISHED)).take();
    open_attempts()
        .filter(attempt::Column::Upstream.is_not_in(upstreams))
        .filter(attempt::Column::JobId.in_subquery(unfinished))
        .limit(MAX_LISTED)
        .all(db)
        .await
}

/// Attempts with an id at the upstream and without an outcome. Literal SQL, so that SQLite uses the partial index.
fn open_attempts() -> Select<attempt::Entity> {
    attempt::Entity::find().filter(Expr::cust("upstream_id IS NOT NULL AND outcome IS NULL"))
}
