//! What an endpoint's owner does with its deliveries: list them, send one again.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{QueryOrder, QuerySelect};

use super::{Column, DeliveryStatus, Entity, Model};
use crate::{UserId, WebhookDeliveryId, WebhookEndpointId, clock, webhook_endpoint};

/// Up to `limit` deliveries of an endpoint, newest first; only those older than `before` and in the given state, if any.
pub async fn page(
    db: &DatabaseConnection,
    endpoint: WebhookEndpointId,
    status: Option<DeliveryStatus>,
    before: Option<WebhookDeliveryId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::EndpointId.eq(endpoint));
    if let Some(status) = status {
        query = query.filter(Column::Status.eq(status));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// The newest `limit` deliveries of a user's endpoints.
pub async fn latest_of_user(db: &DatabaseConnection, user: UserId, limit: u64) -> Result<Vec<Model>, DbErr> {
    let endpoints = Query::select()
        .column(webhook_endpoint::Column::Id)
        .from(webhook_endpoint::Entity)
        .and_where(webhook_endpoint::Column::UserId.eq(user))
        .take();
    let of_user = Entity::find().filter(Column::EndpointId.in_subquery(endpoints));
    of_user.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// Sends a delivery of an endpoint again, or now if it waits. Returns `None` if the endpoint has no such delivery.
pub async fn resend(
    db: &DatabaseConnection,
    endpoint: WebhookEndpointId,
    id: WebhookDeliveryId,
) -> Result<Option<Model>, DbErr> {
    make_due(db, endpoint, id).await
}

/// Makes a delivery due, with all its attempts ahead.
pub(super) async fn make_due<C: ConnectionTrait>(
    db: &C,
    endpoint: WebhookEndpointId,
    id: WebhookDeliveryId,
) -> Result<Option<Model>, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Pending))
        .col_expr(Column::Failures, Expr::value(0))
        .col_expr(Column::NextAttemptAt, clock::now(db.get_database_backend()))
        .col_expr(Column::FinishedAt, Expr::value(None::<i64>))
        .filter(Column::Id.eq(id))
        .filter(Column::EndpointId.eq(endpoint));
    Ok(update.exec_with_returning(db).await?.pop())
}
