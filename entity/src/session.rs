//! Sign-ins. A token is only as good as its row here: logging out sets `revoked_at`.

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryOrder, UpdateMany};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, rfc3339};
use crate::id::new_id;
use crate::{SessionId, UserId, user};

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// The token's `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What signed in, as it called itself.
    pub user_agent: Option<String>,
    /// Epoch ms.
    pub created_at: i64,
    /// Epoch ms; the token's `exp`.
    pub expires_at: i64,
    /// When it was ended early, epoch ms.
    pub revoked_at: Option<i64>,
    /// To the minute, epoch ms.
    pub last_seen_at: Option<i64>,
}

/// Each session belongs to a user.
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
    /// Whether the last use on record is older than a minute.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.last_seen_at.is_none_or(|seen| seen < clock::minute_ago())
    }
}

/// Opens a session that ends at `expires_at` (epoch ms).
///
/// # Errors
/// The database did not do it.
pub async fn create(
    db: &DatabaseConnection,
    user_id: UserId,
    user_agent: Option<String>,
    expires_at: i64,
) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(new_id()),
        user_id: Set(user_id),
        user_agent: Set(user_agent),
        created_at: Set(clock::system_ms()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        last_seen_at: Set(None),
    };
    row.insert(db).await
}

/// The session and its owner, if neither was ended: not revoked, not expired, the account not disabled.
///
/// # Errors
/// The database did not answer.
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

/// A user's sessions that are alive, newest first.
///
/// # Errors
/// The database did not answer.
pub async fn of_user(db: &DatabaseConnection, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col(Column::ExpiresAt).gt(clock::now(db.get_database_backend())))
        .order_by_desc(Column::Id)
        .all(db)
        .await
}

/// Those of the sessions `ids` that are alive, as [`find_active`] means it, each with its owner's role.
///
/// # Errors
/// The database did not answer.
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

/// Notes that a session is in use, unless that was noted within the last minute.
///
/// # Errors
/// The database did not do it.
pub async fn touch(db: &DatabaseConnection, id: SessionId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(clock::system_ms()))
        .filter(Column::Id.eq(id))
        .filter(Column::LastSeenAt.is_null().or(Column::LastSeenAt.lt(clock::minute_ago())))
        .exec(db)
        .await
        .map(drop)
}

/// Ends a session; does nothing when it was ended before.
///
/// # Errors
/// The database did not do it.
pub async fn revoke(db: &DatabaseConnection, id: SessionId) -> Result<(), DbErr> {
    revoked().filter(Column::Id.eq(id)).exec(db).await.map(drop)
}

/// Ends a user's session. False: the user has no such session, or it had ended.
///
/// # Errors
/// The database did not do it.
pub async fn revoke_of_user(db: &DatabaseConnection, id: SessionId, user: UserId) -> Result<bool, DbErr> {
    let ended = revoked().filter(Column::Id.eq(id)).filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(ended.rows_affected == 1)
}

/// Ends all of a user's sessions but `keep`; answers which.
///
/// # Errors
/// The database did not do it.
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

/// Ends every session there is; answers how many.
pub(crate) async fn revoke_everybodys<C: ConnectionTrait>(tx: &C) -> Result<u64, DbErr> {
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
    /// Key.
    pub id: SessionId,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// To the minute, RFC 3339, UTC.
    pub last_seen_at: Option<String>,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// What signed in, as it called itself.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl View {
    /// The view of `session`, for whoever asks by `asking`.
    #[must_use]
    pub fn new(session: Model, asking: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: rfc3339(session.created_at),
            last_seen_at: session.last_seen_at.map(rfc3339),
            expires_at: rfc3339(session.expires_at),
            user_agent: session.user_agent,
            current: session.id == asking,
        }
    }
}
