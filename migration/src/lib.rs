//! Schema migrations. Only the `migration` command applies them; server processes only read the version
//! (`entity::schema`).
//!
//! Each migration is a SQL script that runs unchanged on SQLite and PostgreSQL. It ends by writing `schema_version`:
//! the new version, and the oldest version whose programs still work with it.
//!
//! All functions return the database's error if a statement fails; the database is then unchanged.

use entity::schema::{self, Version};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.into_iter().map(|step| Box::new(step) as Box<dyn MigrationTrait>).collect()
    }
}

/// Key of the advisory lock: arbitrary, but the same in all versions of this command.
const ADVISORY_LOCK: i64 = 0x736f_7261;

/// Migrates the database to the newest schema, if it is older, and returns the resulting version.
///
/// All migrations run in one transaction. Concurrent calls are safe: PostgreSQL holds an advisory lock for the
/// duration, SQLite its write lock.
pub async fn up(db: &DatabaseConnection) -> Result<Version, DbErr> {
    let (transaction, version) = stepped(db).await?;
    transaction.commit().await?;
    Ok(version)
}

/// Returns the version that [`up`] would migrate to, without changing the database.
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

/// Writes a consistent copy of a SQLite database to `file`, which must not exist. Other connections can keep writing.
///
/// # Errors
/// The database is not SQLite, or the copy cannot be written.
pub async fn copy(db: &DatabaseConnection, file: &str) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return Err(DbErr::Custom("only SQLite databases can be copied; use pg_dump for PostgreSQL".into()));
    }
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [file.into()])).await.map(drop)
}

const STEPS: [Step; 10] = [
    Step { name: "0001_initial", sql: include_str!("../sql/0001_initial.sql") },
    Step { name: "0002_money", sql: include_str!("../sql/0002_money.sql") },
    Step { name: "0003_accounts", sql: include_str!("../sql/0003_accounts.sql") },
    Step { name: "0004_media", sql: include_str!("../sql/0004_media.sql") },
    Step { name: "0005_results", sql: include_str!("../sql/0005_results.sql") },
    Step { name: "0006_leases_and_storages", sql: include_str!("../sql/0006_leases_and_storages.sql") },
    Step { name: "0007_webhooks", sql: include_str!("../sql/0007_webhooks.sql") },
    Step { name: "0008_recency", sql: include_str!("../sql/0008_recency.sql") },
    Step { name: "0009_costs", sql: include_str!("../sql/0009_costs.sql") },
    Step { name: "0010_upstreams", sql: include_str!("../sql/0010_upstreams.sql") },
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
