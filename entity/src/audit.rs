//! What administrators did. Written beside the act and never changed; it outlives those who acted.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::id::new_id;
use crate::{AuditEntryId, UserId, user};

/// A row of `audit_log`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    /// Who acted.
    pub actor_id: UserId,
    /// The same as an address, as it was then.
    pub actor: String,
    /// What was done: `queue.paused`, `user.disabled` …
    pub action: String,
    /// To whom or what.
    pub target: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Puts an act on record.
///
/// # Errors
/// The database did not do it.
pub async fn record(
    db: &DatabaseConnection,
    actor: &user::Model,
    action: &str,
    target: Option<String>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new_id()),
        actor_id: Set(actor.id),
        actor: Set(actor.email.clone()),
        action: Set(action.to_owned()),
        target: Set(target),
        created_at: Set(clock::system_ms()),
    };
    row.insert(db).await.map(drop)
}

/// The latest acts older than `before`, at most `limit`.
///
/// # Errors
/// The database did not answer.
pub async fn page(db: &DatabaseConnection, before: Option<AuditEntryId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// An act as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct View {
    /// Key.
    pub id: AuditEntryId,
    /// RFC 3339, UTC.
    pub at: String,
    /// Who acted, as an e-mail address.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub target: Option<String>,
}

impl From<Model> for View {
    fn from(act: Model) -> Self {
        Self { id: act.id, at: rfc3339(act.created_at), actor: act.actor, action: act.action, target: act.target }
    }
}
