//! Webhook deliveries: the outbox of events on their way to endpoints, and the log of how they were received.
//!
//! ```text
//! job ends ──▶ pending ──claim──▶ attempted ──2xx──▶ delivered
//!                ▲                    │
//!                └── retry ── lease ──┴──────────▶ failed ──resend──▶ pending
//! ```
//!
//! A row is inserted by the transaction that ends the job, so no end goes unreported. A claim makes the row invisible to
//! others until its lease ends, by the database's clock; the row of a processor that died is attempted again. Every attempt
//! sends the same payload under the same event id. An event waits while an earlier one of the same job is pending at the
//! same endpoint.

mod attempt;
mod cleanup;
mod enqueue;
mod owner;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{DbBackend, FromQueryResult, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::webhook_event::{self, EventType};
use crate::{JobId, WebhookDeliveryId, WebhookEndpointId, WebhookEventId};

pub use attempt::{AttemptResult, NextStep, Recorded, claim, make_due_after_clock_was_set_back, record};
pub use cleanup::delete_old;
pub(crate) use cleanup::fail_after_restore;
pub(crate) use enqueue::enqueue;
pub use enqueue::enqueue_test;
pub use owner::{latest_of_user, page, resend};

/// A row of `webhook_deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookDeliveryId,
    /// The receiver.
    pub endpoint_id: WebhookEndpointId,
    /// The event; the same at every endpoint.
    pub event_id: WebhookEventId,
    /// The event's type.
    pub event_type: EventType,
    /// The job that ended; `None` for test events.
    pub job_id: Option<JobId>,
    /// The job's `seq` when it ended.
    pub job_seq: Option<i64>,
    /// The JSON to send.
    pub payload: String,
    /// The state.
    pub status: DeliveryStatus,
    /// Attempts ever started.
    pub attempts: i32,
    /// Attempts failed since the delivery was enqueued or sent again.
    pub failures: i32,
    /// When the next attempt is due, or the lease of the current one ends, epoch ms.
    pub next_attempt_at: Option<i64>,
    /// When the last attempt started, epoch ms.
    pub last_attempt_at: Option<i64>,
    /// How long the last attempt took.
    pub duration_ms: Option<i64>,
    /// The status of the last response.
    pub response_status: Option<i32>,
    /// The first KiB of the last response.
    pub response_body: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
    /// When it was delivered or given up, epoch ms.
    pub finished_at: Option<i64>,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// Waiting for an attempt.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// The receiver answered 2xx.
    #[sea_orm(string_value = "delivered")]
    Delivered,
    /// Given up.
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// SQL: the delivery is pending. A literal rather than a parameter, so that SQLite uses the partial indexes.
fn is_pending() -> Expr {
    Expr::cust("webhook_deliveries.status = 'pending'")
}

/// SQL: an attempt of the delivery is due, no other attempt holds a lease, and no earlier event of its job is pending at its
/// endpoint.
pub(crate) fn is_claimable(backend: DbBackend) -> Expr {
    let earlier = Alias::new("earlier");
    let same = |column: Column| Expr::col((earlier.clone(), column)).equals((Entity, column));
    let blocked = Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, earlier.clone())
        .and_where(same(Column::JobId))
        .and_where(same(Column::EndpointId))
        .and_where(Expr::col((earlier.clone(), Column::JobSeq)).lt(Expr::col((Entity, Column::JobSeq))))
        .and_where(Expr::cust("earlier.status = 'pending'"))
        .take();
    is_pending().and(is_due(backend)).and(Expr::exists(blocked).not())
}

fn is_due(backend: DbBackend) -> Expr {
    Expr::col((Entity, Column::NextAttemptAt)).lte(clock::now(backend))
}

/// The deliveries that are waiting although they are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Overdue {
    /// How many.
    pub count: i64,
    /// When the oldest became due, epoch ms.
    pub oldest: Option<i64>,
}

/// Counts the due deliveries of enabled endpoints. Deliveries in progress do not count while their lease holds.
pub async fn overdue(db: &DatabaseConnection) -> Result<Overdue, DbErr> {
    use crate::webhook_endpoint as endpoint;
    let enabled = Query::select()
        .column(endpoint::Column::Id)
        .from(endpoint::Entity)
        .and_where(endpoint::Column::Enabled.eq(true))
        .take();
    let found = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "count")
        .column_as(Column::NextAttemptAt.min(), "oldest")
        .filter(is_pending())
        .filter(is_due(db.get_database_backend()))
        .filter(Column::EndpointId.in_subquery(enabled))
        .into_model()
        .one(db)
        .await?;
    Ok(found.unwrap_or_default())
}

/// A delivery as the endpoint's owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub struct View {
    /// Id.
    pub id: WebhookDeliveryId,
    /// The event's id, as sent in `webhook-id`.
    pub event_id: String,
    /// The event's type.
    pub event_type: EventType,
    /// The job that ended; null for test events.
    pub job_id: Option<JobId>,
    /// State.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: i32,
    /// When the next attempt starts, RFC 3339, UTC.
    pub next_attempt_at: Option<String>,
    /// When the last attempt started, RFC 3339, UTC.
    pub last_attempt_at: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The status of the last response.
    pub response_status: Option<i32>,
    /// The first KiB of the last response.
    pub response_body: Option<String>,
    /// Why the last attempt failed, or why there was none.
    pub error: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it was delivered or given up, RFC 3339, UTC.
    pub finished_at: Option<String>,
}

impl From<Model> for View {
    fn from(delivery: Model) -> Self {
        Self {
            id: delivery.id,
            event_id: webhook_event::public_id(delivery.event_id),
            event_type: delivery.event_type,
            job_id: delivery.job_id,
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(rfc3339),
            last_attempt_at: delivery.last_attempt_at.map(rfc3339),
            duration_ms: delivery.duration_ms,
            response_status: delivery.response_status,
            response_body: delivery.response_body,
            error: delivery.error,
            created_at: rfc3339(delivery.created_at),
            finished_at: delivery.finished_at.map(rfc3339),
        }
    }
}
