//! Attempts: claiming due deliveries, and recording how the receiver answered.

use std::time::Duration;

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};

use super::{Column, DeliveryStatus, Entity, Model, is_claimable, is_due, is_pending};
use crate::{WebhookEndpointId, clock, database, webhook_endpoint};

/// Claims up to `limit` due deliveries of an endpoint, oldest first. Each belongs to the caller until the lease ends, and is
/// due again then.
pub async fn claim(
    db: &DatabaseConnection,
    endpoint: WebhookEndpointId,
    limit: u64,
    lease: Duration,
) -> Result<Vec<Model>, DbErr> {
    let backend = db.get_database_backend();
    let claimable = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::EndpointId.eq(endpoint))
        .and_where(is_claimable(backend))
        .order_by(Column::NextAttemptAt, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .limit(limit)
        .take();
    // The conditions are repeated for PostgreSQL, which checks them again if another processor was first.
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::LastAttemptAt, clock::now(backend))
        .col_expr(Column::NextAttemptAt, clock::after(backend, lease))
        .filter(is_pending())
        .filter(is_due(backend))
        .filter(Column::Id.in_subquery(claimable))
        .exec_with_returning(db)
        .await
}

/// Makes pending deliveries due whose times lie ahead because the database's clock was set back since. Returns how many.
pub async fn make_due_after_clock_was_set_back(db: &DatabaseConnection) -> Result<u64, DbErr> {
    let backend = db.get_database_backend();
    // A delivery without an attempt is due from its beginning.
    let attempted = || Expr::col(Column::LastAttemptAt);
    let updated = Entity::update_many()
        .col_expr(Column::NextAttemptAt, clock::now(backend))
        .filter(is_pending())
        .filter(attempted().is_null().or(attempted().gt(clock::now(backend))))
        .filter(Expr::col(Column::NextAttemptAt).gt(clock::now(backend)))
        .exec(db)
        .await?;
    Ok(updated.rows_affected)
}

/// How an attempt ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptResult {
    /// The response's status, if there was a response.
    pub response_status: Option<u16>,
    /// The first KiB of the response.
    pub response_body: Option<String>,
    /// Why it failed; `None` if it succeeded.
    pub error: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// It succeeded.
    Done,
    /// Try again after this time.
    RetryAfter(Duration),
    /// The last attempt failed.
    GiveUp,
    /// The receiver wants no more events.
    Disable,
}

/// What recording an attempt changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// False if the lease had ended and the delivery was claimed or sent again: then nothing was recorded about it.
    pub applied: bool,
    /// The endpoint, if this attempt disabled it.
    pub disabled: Option<webhook_endpoint::Model>,
}

/// Records an attempt, and what it says about the endpoint.
pub async fn record(
    db: &DatabaseConnection,
    claimed: &Model,
    result: AttemptResult,
    next: NextStep,
) -> Result<Recorded, DbErr> {
    let tx = database::begin(db).await?;
    let backend = tx.get_database_backend();
    let finished = |update: UpdateMany<Entity>, status| {
        update
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::NextAttemptAt, Expr::value(None::<i64>))
            .col_expr(Column::FinishedAt, clock::now(backend))
    };
    let failed = |update: UpdateMany<Entity>| update.col_expr(Column::Failures, Expr::col(Column::Failures).add(1));
    // From the claim on, by its clock: were the database's clock set meanwhile, it would show hours too many.
    let ended = claimed.last_attempt_at.map(|claimed_at| claimed_at + clock::millis(result.duration));
    let retry_at = |delay| match ended {
        Some(ended) => Expr::value(ended + clock::millis(delay)),
        None => clock::after(backend, delay),
    };
    let update = result_of(claimed, result);
    let update = match next {
        NextStep::Done => finished(update, DeliveryStatus::Delivered),
        NextStep::RetryAfter(delay) => failed(update).col_expr(Column::NextAttemptAt, retry_at(delay)),
        NextStep::GiveUp | NextStep::Disable => finished(failed(update), DeliveryStatus::Failed),
    };
    let applied = update.exec(&tx).await?.rows_affected == 1;
    let disabled = if next == NextStep::Done {
        webhook_endpoint::record_success(&tx, claimed.endpoint_id).await?;
        None
    } else {
        webhook_endpoint::record_failure(&tx, claimed.endpoint_id, next == NextStep::Disable).await?
    };
    tx.commit().await?;
    Ok(Recorded { applied, disabled })
}

/// An update with an attempt's result that applies only while the claim holds.
fn result_of(claimed: &Model, result: AttemptResult) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::DurationMs, Expr::value(clock::millis(result.duration)))
        .col_expr(Column::ResponseStatus, Expr::value(result.response_status.map(i32::from)))
        .col_expr(Column::ResponseBody, Expr::value(result.response_body))
        .col_expr(Column::Error, Expr::value(result.error))
        .filter(Column::Id.eq(claimed.id))
        .filter(Column::Attempts.eq(claimed.attempts))
        .filter(is_pending())
}
