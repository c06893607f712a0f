//! Webhook endpoints: addresses that users register to be called when their jobs end.
//!
//! Secrets are stored as they are, because every call is signed with them. A secret proves the platform to one receiver and
//! gives access to nothing else.

mod health;
mod owner;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::webhook_event::EventType;
use crate::{UserId, WebhookEndpointId, user, webhook_delivery};

pub(crate) use health::{record_failure, record_success};
pub use owner::{Changes, New, create, delete, rotate, update};

/// A row of `webhook_endpoints`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookEndpointId,
    /// The owner.
    pub user_id: UserId,
    /// Name chosen by the owner.
    pub name: String,
    /// The address to call.
    pub url: String,
    /// Whether it receives [`EventType::Completed`].
    pub on_completed: bool,
    /// Whether it receives [`EventType::Failed`].
    pub on_failed: bool,
    /// Whether it receives [`EventType::Cancelled`].
    pub on_cancelled: bool,
    /// The secret that signs its events: `whsec_…`.
    pub secret: String,
    /// The secret before the last rotation.
    pub previous_secret: Option<String>,
    /// Until when the previous secret signs as well, epoch ms.
    pub previous_secret_until: Option<i64>,
    /// Whether events are recorded for it and sent to it.
    pub enabled: bool,
    /// Why the platform disabled it.
    pub disabled_reason: Option<DisabledReason>,
    /// The first failed attempt since the last successful one, epoch ms.
    pub failing_since: Option<i64>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Why the platform disabled an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum DisabledReason {
    /// Every attempt failed for three days.
    #[sea_orm(string_value = "failing")]
    Failing,
    /// The receiver answered 410 Gone.
    #[sea_orm(string_value = "gone")]
    Gone,
}

impl Model {
    /// Whether it receives events of this type.
    #[must_use]
    pub fn receives(&self, kind: EventType) -> bool {
        match kind {
            EventType::Completed => self.on_completed,
            EventType::Failed => self.on_failed,
            EventType::Cancelled => self.on_cancelled,
        }
    }

    /// The secrets to sign with at `now` (epoch ms), the current one first.
    pub fn secrets(&self, now: i64) -> impl Iterator<Item = &str> {
        let previous = self.previous_secret.as_deref().filter(|_| self.previous_secret_until > Some(now));
        std::iter::once(self.secret.as_str()).chain(previous)
    }
}

/// A user's endpoints, newest first.
pub async fn of_user(db: &DatabaseConnection, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::Id).all(db).await
}

/// The endpoint with this id, if it belongs to `user`.
pub async fn find(db: &DatabaseConnection, id: WebhookEndpointId, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await
}

/// Up to `limit` endpoints with a delivery that can be attempted now, except `busy` ones; in random order, so that none is
/// passed over for long. Endpoints that are disabled, and those of disabled accounts, wait.
pub async fn due(
    db: &DatabaseConnection,
    busy: impl IntoIterator<Item = WebhookEndpointId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let of_endpoint = Expr::col((webhook_delivery::Entity, webhook_delivery::Column::EndpointId));
    let deliveries = Query::select()
        .expr(Expr::val(1))
        .from(webhook_delivery::Entity)
        .and_where(of_endpoint.equals((Entity, Column::Id)))
        .and_where(webhook_delivery::is_claimable(db.get_database_backend()))
        .take();
    let enabled_users = Query::select()
        .column(user::Column::Id)
        .from(user::Entity)
        .and_where(user::Column::DisabledAt.is_null())
        .take();
    Entity::find()
        .filter(Column::Enabled.eq(true))
        .filter(Column::UserId.in_subquery(enabled_users))
        .filter(Column::Id.is_not_in(busy))
        .filter(Expr::exists(deliveries))
        .order_by_asc(Expr::cust("RANDOM()"))
        .limit(limit)
        .all(db)
        .await
}

/// The enabled endpoints of these users.
pub(crate) async fn enabled_of_users<C: ConnectionTrait>(
    tx: &C,
    users: impl IntoIterator<Item = UserId>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::UserId.is_in(users)).filter(Column::Enabled.eq(true)).all(tx).await
}

/// An endpoint as its owner sees it. The secret is shown only once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
pub struct View {
    /// Id.
    pub id: WebhookEndpointId,
    /// Name chosen by the owner.
    pub name: String,
    /// The address that is called.
    pub url: String,
    /// The events that it receives.
    pub events: Vec<EventType>,
    /// Whether events are sent to it.
    pub enabled: bool,
    /// Why the platform disabled it: every attempt failed for three days, or the receiver answered 410. Null if it is
    /// enabled, or if its owner disabled it.
    pub disabled_reason: Option<DisabledReason>,
    /// When the first attempt failed since the last successful one, RFC 3339, UTC.
    pub failing_since: Option<String>,
    /// Until when the secret before the last rotation signs as well, RFC 3339, UTC.
    pub previous_secret_until: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl From<Model> for View {
    fn from(endpoint: Model) -> Self {
        let events = EventType::ALL.into_iter().filter(|kind| endpoint.receives(*kind)).collect();
        let previous = endpoint.previous_secret_until.filter(|until| *until > clock::system_ms());
        Self {
            id: endpoint.id,
            name: endpoint.name,
            url: endpoint.url,
            events,
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason,
            failing_since: endpoint.failing_since.map(rfc3339),
            previous_secret_until: previous.map(rfc3339),
            created_at: rfc3339(endpoint.created_at),
        }
    }
}
