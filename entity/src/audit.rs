//! The audit log of administrators' actions. Entries are never changed, and remain when the accounts are deleted.

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
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEntryId,
    /// The administrator.
    pub actor_id: UserId,
    /// The administrator's email address at the time.
    pub actor: String,
    /// The action: `queue.paused`, `user.disabled` …
    pub action: String,
    /// What the action was applied to.
    pub target: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Records an action.
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

/// Up to `limit` entries, newest first; only those older than `before`, if given.
pub async fn page(db: &DatabaseConnection, before: Option<AuditEntryId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    query.order_by_desc(Column::Id).limit(limit).all(db).await
}

/// An entry as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct View {
    /// Id.
    pub id: AuditEntryId,
    /// RFC 3339, UTC.
    pub at: String,
    /// Email address of the administrator.
    pub actor: String,
    /// The action.
    pub action: String,
    /// What the action was applied to.
    pub target: Option<String>,
}

impl From<Model> for View {
    fn from(entry: Model) -> Self {
        Self {
            id: entry.id,
            at: rfc3339(entry.created_at),
            actor: entry.actor,
            action: entry.action,
            target: entry.target,
        }
    }
}
