//! The schema's history and the one way to move along it.
//!
//! Each step is a plain SQL text that runs unchanged on SQLite and PostgreSQL and ends by writing `schema_version`:
//! the version it leads to, and the oldest version whose programs can still work with it. Only the `migration`
//! command applies steps; a serving process only reads the version (`entity::schema`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};

/// The history, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Step { name: "0001_initial", sql: include_str!("../sql/0001_initial.sql") })]
    }
}

/// Brings the database to the newest schema; does nothing when it is there already.
///
/// Safe to run from several places at once: PostgreSQL holds an advisory lock for the duration, SQLite its write lock.
///
/// # Errors
/// Whatever the database refuses; the step that failed is rolled back.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => up_under_lock(db).await,
        _ => Migrator::up(db, None).await,
    }
}

/// An arbitrary number that all versions of this command agree on.
const ADVISORY_LOCK: i64 = 0x736f_7261;

async fn up_under_lock(db: &DatabaseConnection) -> Result<(), DbErr> {
    let lock = db.begin().await?;
    lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    Migrator::up(&lock, None).await?;
    lock.commit().await
}

struct Step {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await.map(drop)
    }
}
