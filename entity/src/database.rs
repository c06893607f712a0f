//! Opening the database: SQLite in WAL mode with every commit on disk, or PostgreSQL.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use sea_orm::{RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

/// What to do when the SQLite file does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Create it: the `migration` command.
    Create,
    /// Fail: every other process.
    Refuse,
}

/// Connections of one pool. A processor's beat opens a pool of its own, so that work can never starve it.
const POOL: u32 = 10;

/// How long a request may wait for a connection, and a SQLite writer for the others.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a pool of connections to `url` (`sqlite:PATH` or `postgres://…`).
///
/// SQLite runs with `journal_mode=WAL`, `synchronous=FULL` and foreign keys: a committed money fact survives the loss
/// of power.
///
/// # Errors
/// An address that cannot be parsed, or a database that does not answer.
pub async fn open(url: &str, missing: Missing) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POOL)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(missing == Missing::Create)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
        });
    Database::connect(options).await
}

/// Begins a transaction that reads before it writes. In SQLite it takes the write lock at once, because a reader that
/// turns into a writer can be refused in the middle.
pub(crate) async fn begin<C: TransactionTrait>(db: &C) -> Result<C::Transaction, DbErr> {
    db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    })
    .await
}

/// Whether the same statement may succeed later: the database is away, restarting, read-only, busy or full.
#[must_use]
pub fn is_transient(error: &DbErr) -> bool {
    let inner = match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => inner,
        _ => return false,
    };
    match inner.as_ref() {
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| is_transient_code(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// PostgreSQL: connection, resources, shutdown, serialisation and read-only. SQLite (primary and extended codes): busy,
/// locked, read-only, I/O, full.
fn is_transient_code(code: &str) -> bool {
    let postgres =
        ["08", "40", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) || code == "25006";
    let sqlite = code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13)) && code.len() != 5;
    postgres || sqlite
}
