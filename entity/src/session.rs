//! Sessions. A token is valid only while its row here is: signing out sets `revoked_at`.

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, UpdateMany};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::id::new_id;
use crate::{SessionId, UserId, database, user};

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// The token's `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// The owner.
    pub user_id: UserId,
    /// `User-Agent` of the sign-in.
    pub user_agent: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
    /// The token's `exp`, epoch ms.
    pub expires_at: i64,
    /// When it was revoked, epoch ms.
    pub revoked_at: Option<i64>,
    /// Epoch ms, accurate to a minute.
    pub last_seen_at: Option<i64>,
}

/// A session belongs to a user.
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
    /// Whether the recorded last use is more than a minute old.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.last_seen_at.is_none_or(|seen| seen < clock::minute_ago())
    }
}

/// Maximum number of active sessions per user.
pub const MAX_PER_USER: u64 = 100;

/// Creates a session that expires at `expires_at` (epoch ms), and revokes the user's oldest ones beyond the maximum. Returns
/// the session, and those that were revoked.
pub async fn create(
    db: &DatabaseConnection,
    user_id: UserId,
    user_agent: Option<String>,
    expires_at: i64,
) -> Result<(Model, Vec<SessionId>), DbErr> {
    let tx = database::begin(db).await?;
    user::lock(&tx, user_id).await?;
    let older =
        active(&tx, user_id).order_by_desc(Column::Id).offset(MAX_PER_USER - 1).limit(MAX_PER_USER).all(&tx).await?;
    let older: Vec<SessionId> = older.into_iter().map(|session| session.id).collect();
    if !older.is_empty() {
        revoked().filter(Column::Id.is_in(older.iter().copied())).exec(&tx).await?;
    }
    let row = ActiveModel {
        id: Set(new_id()),
        user_id: Set(user_id),
        user_agent: Set(user_agent),
        created_at: Set(clock::system_ms()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        last_seen_at: Set(None),
    };
    let session = row.insert(&tx).await?;
    tx.commit().await?;
    Ok((session, older))
}

/// The session and its owner, if the session is active: not revoked, not expired, and its owner not disabled.
pub async fn find_active(db: &DatabaseConnection, id: SessionId) -> Result<Option<(Model, user::Model)>, DbErr> {
    let found = Entity::find_by_id(id)
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col((Entity, Column::ExpiresAt)).gt(clock::now(db.get_database_backend())))
        .find_also_related(user::Entity)
        .filter(user::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    Ok(found.and_then(|(session, owner)| Some((session, owner?))))
}

/// A user's sessions that are neither revoked nor expired, newest first.
pub async fn of_user(db: &DatabaseConnection, user: UserId) -> Result<Vec<Model>, DbErr> {
    active(db, user).order_by_desc(Column::Id).all(db).await
}

fn active<C: ConnectionTrait>(db: &C, user: UserId) -> Select<Entity> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col(Column::ExpiresAt).gt(clock::now(db.get_database_backend())))
}

/// The active sessions among `ids` (see [`find_active`]), each with the role of its owner.
pub async fn active_roles(db: &DatabaseConnection, ids: &[SessionId]) -> Result<Vec<(SessionId, user::Role)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .column(user::Column::Role)
        .inner_join(user::Entity)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col((Entity, Column::ExpiresAt)).gt(clock::now(db.get_database_backend())))
        .filter(user::Column::DisabledAt.is_null())
        .into_tuple()
        .all(db)
        .await
}

/// Records that a session is in use, unless that was recorded within the last minute.
pub async fn touch(db: &DatabaseConnection, id: SessionId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(clock::system_ms()))
        .filter(Column::Id.eq(id))
        .filter(Column::LastSeenAt.is_null().or(Column::LastSeenAt.lt(clock::minute_ago())))
        .exec(db)
        .await
        .map(drop)
}

/// Revokes a session, unless it is revoked already.
pub async fn revoke(db: &DatabaseConnection, id: SessionId) -> Result<(), DbErr> {
    revoked().filter(Column::Id.eq(id)).exec(db).await.map(drop)
}

/// Revokes a user's session. Returns false if the user has no such session, or if it is revoked already.
pub async fn revoke_of_user(db: &DatabaseConnection, id: SessionId, user: UserId) -> Result<bool, DbErr> {
    let ended = revoked().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(ended.rows_affected == 1)
}

/// Revokes all sessions of a user except `keep`. Returns these.
pub async fn revoke_all<C: ConnectionTrait>(
    db: &C,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, DbErr> {
    let mut update = revoked().filter(Column::UserId.eq(user));
    if let Some(keep) = keep {
        update = update.filter(Column::Id.ne(keep));
    }
    Ok(update.exec_with_returning(db).await?.into_iter().map(|session| session.id).collect())
}

/// Revokes the sessions of all users. Returns how many.
pub(crate) async fn revoke_all_users<C: ConnectionTrait>(tx: &C) -> Result<u64, DbErr> {
    Ok(revoked().exec(tx).await?.rows_affected)
}

fn revoked() -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(clock::system_ms()))
        .filter(Column::RevokedAt.is_null())
}

/// A session as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct View {
    /// Id.
    pub id: SessionId,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; accurate to a minute.
    pub last_seen_at: Option<String>,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// `User-Agent` of the sign-in.
    pub user_agent: Option<String>,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl View {
    /// The view of `session` for a request within the session `current`.
    #[must_use]
    pub fn new(session: Model, current: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: rfc3339(session.created_at),
            last_seen_at: session.last_seen_at.map(rfc3339),
            expires_at: rfc3339(session.expires_at),
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}
