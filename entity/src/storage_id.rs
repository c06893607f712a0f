//! The id of the storage that holds this database's files, in a single row. The storage holds the same id in a file.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};

/// The row of `storages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "storages")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The storage's id.
    pub storage_id: Uuid,
    /// Whether the storage has its file. Until then the file may still be written.
    pub written: bool,
}

/// No relation is used through the ORM.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An id for a new storage.
#[must_use]
pub fn generate() -> Uuid {
    Uuid::now_v7()
}

/// The id on record, if there is one.
pub async fn recorded(db: &DatabaseConnection) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(1).one(db).await
}

/// Records `id` unless an id is on record. Returns the one on record.
pub async fn propose(db: &DatabaseConnection, id: Uuid) -> Result<Model, DbErr> {
    let row = ActiveModel { id: Set(1), storage_id: Set(id), written: Set(false) };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    recorded(db).await?.ok_or_else(|| DbErr::RecordNotFound("storages".into()))
}

/// Records that the storage has its file.
pub async fn confirm(db: &DatabaseConnection, id: Uuid) -> Result<(), DbErr> {
    let update = Entity::update_many().col_expr(Column::Written, Expr::value(true)).filter(Column::StorageId.eq(id));
    update.exec(db).await.map(drop)
}

/// Records the id of another storage, which has its file.
pub async fn replace(db: &DatabaseConnection, id: Uuid) -> Result<(), DbErr> {
    let row = ActiveModel { id: Set(1), storage_id: Set(id), written: Set(true) };
    let other = OnConflict::column(Column::Id).update_columns([Column::StorageId, Column::Written]).to_owned();
    Entity::insert(row).on_conflict(other).exec_without_returning(db).await.map(drop)
}
