//! Whether the database accepts writes. On a full disk, and as a standby, it still answers reads.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a successful check counts. Anyone may ask for readiness, and each check is a commit.
const VALIDITY: Duration = Duration::from_secs(5);

/// Rewrites a value as it is: a commit that changes nothing. It does not wait for a migration that holds the row.
const REWRITE_POSTGRES: &str = "UPDATE schema_version SET version = version \
                                WHERE version IN (SELECT version FROM schema_version FOR UPDATE SKIP LOCKED)";

/// The same for SQLite, which writes no row that does not change. The value is not used.
const REWRITE_SQLITE: &str = "PRAGMA user_version = 0";

/// Fills a temporary file of some 100 KB, because PostgreSQL can still commit to the pages and the log that it has when its disk
/// is full.
const FILL_POSTGRES: &str = "SELECT count(*) FROM (SELECT set_config('work_mem', '64kB', true) AS set) AS small, \
                             LATERAL generate_series(1, 4000 + 0 * length(small.set))";

/// PostgreSQL's code for a full disk.
const DISK_FULL: &str = "53100";

/// Checks that the database accepts writes.
#[derive(Debug, Default)]
pub struct WriteCheck {
    /// When the last check succeeded, unless one has failed since. Held during a check.
    passed: Arc<Mutex<Option<Instant>>>,
}

impl WriteCheck {
    /// Writes to the database unless that succeeded a few seconds ago. There is one check at a time: it goes on if the caller gives
    /// up, so that a database that hangs takes one connection.
    ///
    /// # Errors
    /// The write failed: the disk is full, the database is read-only …
    pub async fn run(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let mut passed = self.passed.clone().lock_owned().await;
        if passed.is_some_and(|since| since.elapsed() < VALIDITY) {
            return Ok(());
        }
        let db = db.clone();
        let check = tokio::spawn(async move {
            *passed = None;
            write(&db).await?;
            *passed = Some(Instant::now());
            Ok(())
        });
        check.await.map_err(|error| DbErr::Custom(error.to_string()))?
    }
}

async fn write(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return db.execute_unprepared(REWRITE_SQLITE).await.map(drop);
    }
    db.execute_unprepared(REWRITE_POSTGRES).await?;
    match db.execute_unprepared(FILL_POSTGRES).await {
        Err(error) if is_disk_full(&error) => Err(error),
        // Any other error says nothing about the disk: temporary files may be limited.
        _ => Ok(()),
    }
}

fn is_disk_full(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return false;
    };
    inner.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == DISK_FULL)
}
