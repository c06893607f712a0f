//! What an endpoint's owner does with it: create, change, rotate its secret, delete.

use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{PaginatorTrait, QuerySelect, UpdateMany};

use super::{ActiveModel, Column, DisabledReason, Entity, Model};
use crate::id::new_id;
use crate::webhook_event::EventType;
use crate::{UserId, WebhookEndpointId, clock, database, user};

/// The content of a new endpoint.
#[derive(Clone, Debug)]
pub struct New {
    /// The owner.
    pub user_id: UserId,
    /// Name chosen by the owner.
    pub name: String,
    /// The address to call.
    pub url: String,
    /// The events that it receives.
    pub events: Vec<EventType>,
    /// The secret that signs its events.
    pub secret: String,
}

/// What to change; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Name chosen by the owner.
    pub name: Option<String>,
    /// The address to call.
    pub url: Option<String>,
    /// The events that it receives.
    pub events: Option<Vec<EventType>>,
    /// Whether events are sent to it.
    pub enabled: Option<bool>,
}

/// Creates an endpoint. Returns `None` if the user has `max` endpoints already, or does not exist.
pub async fn create(db: &DatabaseConnection, new: New, max: u64) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    // Locked, so that simultaneous calls count one after the other.
    let owner = user::Entity::find_by_id(new.user_id).lock_exclusive().one(&tx).await?;
    if owner.is_none() || Entity::find().filter(Column::UserId.eq(new.user_id)).count(&tx).await? >= max {
        return Ok(None);
    }
    let row = ActiveModel {
        id: Set(new_id()),
        user_id: Set(new.user_id),
        name: Set(new.name),
        url: Set(new.url),
        on_completed: Set(new.events.contains(&EventType::Completed)),
        on_failed: Set(new.events.contains(&EventType::Failed)),
        on_cancelled: Set(new.events.contains(&EventType::Cancelled)),
        secret: Set(new.secret),
        previous_secret: Set(None),
        previous_secret_until: Set(None),
        enabled: Set(true),
        disabled_reason: Set(None),
        failing_since: Set(None),
        created_at: Set(clock::system_ms()),
    };
    let endpoint = row.insert(&tx).await?;
    tx.commit().await?;
    Ok(Some(endpoint))
}

/// Changes an endpoint of `user`. A new address, or enabling it, forgets its failures. Returns `None` if the user has no
/// such endpoint.
pub async fn update(
    db: &DatabaseConnection,
    id: WebhookEndpointId,
    user: UserId,
    changes: Changes,
) -> Result<Option<Model>, DbErr> {
    let mut update = of_user(id, user).col_expr(Column::Id, Expr::col(Column::Id));
    if changes.url.is_some() || changes.enabled == Some(true) {
        update = update.col_expr(Column::FailingSince, Expr::value(None::<i64>));
    }
    if let Some(name) = changes.name {
        update = update.col_expr(Column::Name, Expr::value(name));
    }
    if let Some(url) = changes.url {
        update = update.col_expr(Column::Url, Expr::value(url));
    }
    if let Some(events) = changes.events {
        update = update
            .col_expr(Column::OnCompleted, Expr::value(events.contains(&EventType::Completed)))
            .col_expr(Column::OnFailed, Expr::value(events.contains(&EventType::Failed)))
            .col_expr(Column::OnCancelled, Expr::value(events.contains(&EventType::Cancelled)));
    }
    if let Some(enabled) = changes.enabled {
        update = update
            .col_expr(Column::Enabled, Expr::value(enabled))
            .col_expr(Column::DisabledReason, Expr::value(None::<DisabledReason>));
    }
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Gives an endpoint of `user` a new secret. The current one signs as well for `overlap`. Returns `None` if the user has no
/// such endpoint.
pub async fn rotate(
    db: &DatabaseConnection,
    id: WebhookEndpointId,
    user: UserId,
    secret: String,
    overlap: Duration,
) -> Result<Option<Model>, DbErr> {
    let update = of_user(id, user)
        .col_expr(Column::PreviousSecret, Expr::col(Column::Secret))
        .col_expr(Column::PreviousSecretUntil, clock::after(db.get_database_backend(), overlap))
        .col_expr(Column::Secret, Expr::value(secret));
    Ok(update.exec_with_returning(db).await?.pop())
}

/// Deletes an endpoint of `user` with its deliveries. Returns false if the user has no such endpoint.
pub async fn delete(db: &DatabaseConnection, id: WebhookEndpointId, user: UserId) -> Result<bool, DbErr> {
    let deleted = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(deleted.rows_affected == 1)
}

fn of_user(id: WebhookEndpointId, user: UserId) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user))
}
