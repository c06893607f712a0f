//! Connections to the database: SQLite in WAL mode with every commit on disk, or PostgreSQL.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};
use sea_orm::{EntityTrait, Select};
use sea_orm::{RuntimeErr, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use crate::schema::{self, Mismatch};

/// What to do if the SQLite file does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Create it; for the `migration` command.
    Create,
    /// Fail; for all other processes.
    Fail,
}

/// Connections per pool. A processor's heartbeat has a pool of its own, so that work cannot starve it.
const POOL_SIZE: u32 = 10;

/// Maximum time to wait for a connection. Short, so that clients soon learn that the database is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a SQLite writer waits for other writers.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long [`open_with_retry`] keeps trying.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens a pool of connections to `url` (`sqlite:PATH` or `postgres://…`).
///
/// SQLite runs with `journal_mode=WAL`, `synchronous=FULL` and foreign keys, so that a committed attempt survives a power
/// failure.
pub async fn open(url: &str, if_missing: IfMissing) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POOL_SIZE)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(if_missing == IfMissing::Create)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
        })
        .map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_reusable(connection))));
    Database::connect(options).await
}

/// Whether a connection that returns to the pool is outside of any transaction; otherwise it is closed.
///
/// When the disk is full, SQLite rolls a transaction back by itself. The driver's own rollback then fails, and the driver
/// takes each later transaction on the connection for a nested one: such a transaction would seem to be committed, and be
/// lost.
async fn is_reusable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Ends after the rollback of a transaction that was dropped.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Opens the database and checks its schema. Retries for up to 30 seconds while the database is down, since it may be
/// starting too.
///
/// # Errors
/// [`Mismatch`]: the database stayed down, or its schema does not fit this program.
pub async fn open_with_retry(url: &str) -> Result<DatabaseConnection, Mismatch> {
    let started = Instant::now();
    let backoff = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times();
    let open_checked = async || {
        let db = open(url, IfMissing::Fail).await?;
        schema::check(&db).await?;
        Ok(db)
    };
    open_checked
        .retry(backoff)
        .when(|mismatch| match mismatch {
            Mismatch::Database(error) => is_transient(error) && started.elapsed() <= STARTUP_TIMEOUT,
            Mismatch::Older { .. } | Mismatch::Newer { .. } => false,
        })
        .await
}

/// Begins a transaction that reads before it writes. In SQLite it takes the write lock at once, since a transaction that
/// starts as a reader can be refused the lock later.
///
/// It begins in a separate task. If the future were dropped half-way, as when a client disconnects, the driver would return
/// a connection with an open transaction to the pool, and later writes on that connection would seem to succeed without
/// ever being committed.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let db = db.clone();
    let begun = tokio::spawn(async move {
        db.begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
    });
    begun.await.map_err(|error| DbErr::Custom(error.to_string()))?
}

/// Maximum time of a query that reads many rows.
const HEAVY_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs a query that reads many rows. PostgreSQL ends it after ten seconds; SQLite cannot.
pub(crate) async fn all_heavy<E: EntityTrait>(
    db: &DatabaseConnection,
    query: Select<E>,
) -> Result<Vec<E::Model>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return query.all(db).await;
    }
    let tx = begin(db).await?;
    tx.execute_unprepared(&format!("SET LOCAL statement_timeout = {}", HEAVY_TIMEOUT.as_millis())).await?;
    let rows = query.all(&tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Whether the same statement may succeed later: the database is down, restarting, read-only, busy or full.
#[must_use]
pub fn is_transient(error: &DbErr) -> bool {
    if matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match driver_error(error) {
        Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| is_transient_code(&code)),
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        _ => false,
    }
}

/// Whether PostgreSQL rolled a transaction back because it and another waited for each other's rows.
#[must_use]
pub fn is_deadlock(error: &DbErr) -> bool {
    let database = driver_error(error).and_then(sqlx::Error::as_database_error);
    database.and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == DEADLOCK)
}

/// PostgreSQL's code for it.
const DEADLOCK: &str = "40P01";

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner.as_ref()),
        _ => None,
    }
}

/// Whether a statement violated a foreign key.
#[must_use]
pub fn is_foreign_key_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// PostgreSQL: connection, transaction rollback, resources, shutdown, and read-only. SQLite (primary and extended codes):
/// busy, locked, read-only, I/O, full.
fn is_transient_code(code: &str) -> bool {
    let postgres =
        ["08", "40", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) || code == "25006";
    let sqlite = code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13)) && code.len() != 5;
    postgres || sqlite
}
