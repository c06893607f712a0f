//! Sign-ins. A token is only as good as its row here: logging out sets `revoked_at`.

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::id::fresh;
use crate::{SessionId, UserId, clock, user};

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

/// Opens a session that ends at `expires_at` (epoch ms).
///
/// # Errors
/// The database did not do it.
pub async fn open(
    db: &DatabaseConnection,
    user_id: UserId,
    user_agent: Option<String>,
    expires_at: i64,
) -> Result<Model, DbErr> {
    let row = ActiveModel {
        id: Set(fresh()),
        user_id: Set(user_id),
        user_agent: Set(user_agent),
        created_at: Set(clock::wall()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
    };
    row.insert(db).await
}

/// The session and its owner, if neither was ended: not revoked, not expired, the account not disabled.
///
/// # Errors
/// The database did not answer.
pub async fn alive(db: &DatabaseConnection, id: SessionId) -> Result<Option<(Model, user::Model)>, DbErr> {
    let found = Entity::find_by_id(id)
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col((Entity, Column::ExpiresAt)).gt(clock::now(db.get_database_backend())))
        .find_also_related(user::Entity)
        .filter(user::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    Ok(found.and_then(|(session, owner)| Some((session, owner?))))
}

/// Those of the sessions `ids` that are alive, as [`alive`] means it, each with its owner's role.
///
/// # Errors
/// The database did not answer.
pub async fn alive_among(db: &DatabaseConnection, ids: &[SessionId]) -> Result<Vec<(SessionId, user::Role)>, DbErr> {
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

/// Ends a session; does nothing when it was ended before.
///
/// # Errors
/// The database did not do it.
pub async fn revoke(db: &DatabaseConnection, id: SessionId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(clock::wall()))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await
        .map(drop)
}
