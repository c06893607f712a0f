//! Keys under which a client asked for something once, so that asking again gives the same and nothing new.

use sea_orm::entity::prelude::*;

use crate::{JobId, UserId};

/// A row of `idempotency_keys`; the key is scoped by user and operation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// For what: `create`, `retry`, `remix`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the request's body.
    pub fingerprint: String,
    /// What it made. The row outlives the job.
    pub job_id: JobId,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
