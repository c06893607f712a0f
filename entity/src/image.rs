//! Pictures that videos start from: owned by whoever sent them, kept while a job refers to them.

use sea_orm::entity::prelude::*;

use crate::{ImageId, UserId};

/// A row of `images`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "images")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImageId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where the storage keeps it.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// What it was encoded as: `image/png`, `image/jpeg` or `image/webp`.
    pub content_type: String,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// Of the content, in hexadecimal; its `ETag`.
    pub sha256: String,
    /// Epoch ms.
    pub created_at: i64,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
