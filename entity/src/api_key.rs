//! API keys. Only a hash is stored, so the table does not reveal usable keys.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{PaginatorTrait, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::id::new_id;
use crate::{ApiKeyId, UserId, database, user};

/// A permission of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// List and read jobs and videos.
    Read,
    /// Create, cancel, retry and delete jobs and videos.
    Create,
}

/// A row of `api_keys`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// The owner.
    pub user_id: UserId,
    /// Name chosen by the owner.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal.
    pub hash: String,
    /// Whether it has [`Scope::Read`].
    pub can_read: bool,
    /// Whether it has [`Scope::Create`].
    pub can_create: bool,
    /// Epoch ms.
    pub created_at: i64,
    /// Epoch ms, accurate to a minute.
    pub last_used_at: Option<i64>,
}

/// An API key belongs to a user.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The owner.
    #[sea_orm(belongs_to = "user::Entity", from = "Column::UserId", to = "user::Column::Id")]
    User,
}

impl Related<user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the key has `scope`.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        match scope {
            Scope::Read => self.can_read,
            Scope::Create => self.can_create,
        }
    }

    /// Whether the recorded last use is more than a minute old.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.last_used_at.is_none_or(|used| used < clock::minute_ago())
    }
}

/// The content of a new key.
#[derive(Clone, Debug)]
pub struct New {
    /// The owner.
    pub user_id: UserId,
    /// Name chosen by the owner.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal.
    pub hash: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
}

/// Inserts a key. Returns `None` if the owner has `max` keys already.
pub async fn create(db: &DatabaseConnection, new: New, max: u64) -> Result<Option<Model>, DbErr> {
    let tx = database::begin(db).await?;
    user::lock(&tx, new.user_id).await?;
    if Entity::find().filter(Column::UserId.eq(new.user_id)).count(&tx).await? >= max {
        return Ok(None);
    }
    let row = ActiveModel {
        id: Set(new_id()),
        user_id: Set(new.user_id),
        name: Set(new.name),
        hash: Set(new.hash),
        can_read: Set(new.scopes.contains(&Scope::Read)),
        can_create: Set(new.scopes.contains(&Scope::Create)),
        created_at: Set(clock::system_ms()),
        last_used_at: Set(None),
    };
    let key = row.insert(&tx).await?;
    tx.commit().await?;
    Ok(Some(key))
}

/// The key with this hash and its owner, unless the owner's account is disabled.
pub async fn by_hash(db: &DatabaseConnection, hash: &str) -> Result<Option<(Model, user::Model)>, DbErr> {
    let found = Entity::find()
        .filter(Column::Hash.eq(hash))
        .find_also_related(user::Entity)
        .filter(user::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    Ok(found.and_then(|(key, owner)| Some((key, owner?))))
}

/// A user's keys, newest first.
pub async fn of_user(db: &DatabaseConnection, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::Id).all(db).await
}

/// Records that a key is in use, unless that was recorded within the last minute.
pub async fn touch(db: &DatabaseConnection, id: ApiKeyId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(clock::system_ms()))
        .filter(Column::Id.eq(id))
        .filter(Column::LastUsedAt.is_null().or(Column::LastUsedAt.lt(clock::minute_ago())))
        .exec(db)
        .await
        .map(drop)
}

/// The keys among `ids` that are not revoked and whose owner's account is not disabled.
pub async fn active(db: &DatabaseConnection, ids: &[ApiKeyId]) -> Result<Vec<ApiKeyId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .inner_join(user::Entity)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(user::Column::DisabledAt.is_null())
        .into_tuple()
        .all(db)
        .await
}

/// Revokes a user's key. Returns false if the user has no such key.
pub async fn revoke(db: &DatabaseConnection, id: ApiKeyId, user: UserId) -> Result<bool, DbErr> {
    let deleted = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(deleted.rows_affected == 1)
}

/// A key as its owner sees it. The key itself is shown only once, when it is created.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub struct View {
    /// Id.
    pub id: ApiKeyId,
    /// Name chosen by the owner.
    pub name: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; accurate to a minute.
    pub last_used_at: Option<String>,
}

impl From<Model> for View {
    fn from(key: Model) -> Self {
        let scopes = [Scope::Read, Scope::Create].into_iter().filter(|scope| key.allows(*scope)).collect();
        Self {
            id: key.id,
            name: key.name,
            scopes,
            created_at: rfc3339(key.created_at),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }
}
