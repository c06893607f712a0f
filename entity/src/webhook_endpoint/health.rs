//! Whether an endpoint works: since when its attempts fail, and when it is disabled for that.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use super::{Column, DisabledReason, Entity, Model};
use crate::{WebhookEndpointId, clock};

/// How long every attempt must have failed before an endpoint is disabled.
const MAX_FAILING: Duration = Duration::from_secs(3 * 86_400);

/// Records that an attempt succeeded.
pub(crate) async fn record_success<C: ConnectionTrait>(tx: &C, id: WebhookEndpointId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::FailingSince, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id))
        .filter(Column::FailingSince.is_not_null())
        .exec(tx)
        .await
        .map(drop)
}

/// Records that an attempt failed; `gone`: the receiver wants no more. Returns the endpoint if this disabled it.
pub(crate) async fn record_failure<C: ConnectionTrait>(
    tx: &C,
    id: WebhookEndpointId,
    gone: bool,
) -> Result<Option<Model>, DbErr> {
    let now = || clock::now(tx.get_database_backend());
    let enabled = || Entity::update_many().filter(Column::Id.eq(id)).filter(Column::Enabled.eq(true));
    let disabled = |reason| {
        enabled().col_expr(Column::Enabled, Expr::value(false)).col_expr(Column::DisabledReason, Expr::value(reason))
    };
    if gone {
        return Ok(disabled(DisabledReason::Gone).exec_with_returning(tx).await?.pop());
    }
    let first = Column::FailingSince.is_null();
    enabled().col_expr(Column::FailingSince, now()).filter(first).exec(tx).await?;
    let too_long = Expr::col(Column::FailingSince).lt(now().sub(clock::millis(MAX_FAILING)));
    Ok(disabled(DisabledReason::Failing).filter(too_long).exec_with_returning(tx).await?.pop())
}
