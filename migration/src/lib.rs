//! The schema's history and the one way to move along it.
//!
//! Each step is a plain SQL text that runs unchanged on SQLite and PostgreSQL and ends by writing `schema_version`:
//! the version it leads to, and the oldest version whose programs can still work with it. Only the `migration`
//! command applies steps; a serving process only reads the version (`entity::schema`).

use entity::schema::{self, Version};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

/// The history, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.into_iter().map(|step| Box::new(step) as Box<dyn MigrationTrait>).collect()
    }
}

/// An arbitrary number that all versions of this command agree on.
const ADVISORY_LOCK: i64 = 0x736f_7261;

/// Brings the database to the newest schema; does nothing when it is there already. Answers with what it leads to.
///
/// All steps are one transaction. Safe to run from several places at once: PostgreSQL holds an advisory lock for the
/// duration, SQLite its write lock.
///
/// # Errors
/// Whatever the database refuses; nothing has changed then.
pub async fn up(db: &DatabaseConnection) -> Result<Version, DbErr> {
    let (transaction, version) = stepped(db).await?;
    transaction.commit().await?;
    Ok(version)
}

/// What [`up`] would lead to, without leading there.
///
/// # Errors
/// Whatever the database refuses.
pub async fn preview(db: &DatabaseConnection) -> Result<Version, DbErr> {
    let (transaction, version) = stepped(db).await?;
    transaction.rollback().await?;
    Ok(version)
}

async fn stepped(db: &DatabaseConnection) -> Result<(DatabaseTransaction, Version), DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = db.begin_with_options(options).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
        transaction.execute_unprepared(&lock).await?;
    }
    Migrator::up(&transaction, None).await?;
    let version = schema::version(&transaction).await?;
    Ok((transaction, version))
}

/// Writes a consistent copy of an SQLite database to `file`, which must not exist, while others go on writing.
///
/// # Errors
/// The database is none of SQLite's, or the copy cannot be written.
pub async fn copy(db: &DatabaseConnection, file: &str) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Err(DbErr::Custom("only SQLite databases are copied so; PostgreSQL has pg_dump".into()));
    }
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [file.into()])).await.map(drop)
}

const STEPS: [Step; 5] = [
    Step { name: "0001_initial", sql: include_str!("../sql/0001_initial.sql") },
    Step { name: "0002_money", sql: include_str!("../sql/0002_money.sql") },
    Step { name: "0003_accounts", sql: include_str!("../sql/0003_accounts.sql") },
    Step { name: "0004_media", sql: include_str!("../sql/0004_media.sql") },
    Step { name: "0005_results", sql: include_str!("../sql/0005_results.sql") },
];

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
