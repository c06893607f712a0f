//! Opening the database: SQLite in WAL mode with every commit on disk, or PostgreSQL.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr};
use sea_orm::{RuntimeErr, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tokio::time::{Instant, sleep};

use crate::schema::{self, Mismatch};

/// What to do when the SQLite file does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Create it: the `migration` command.
    Create,
    /// Fail: every other process.
    Fail,
}

/// Connections of one pool. A processor's beat opens a pool of its own, so that work can never starve it.
const POOL: u32 = 10;

/// How long a request may wait for a connection: while the database is away, people are told so quickly.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a SQLite writer may wait for the others.
const BUSY: Duration = Duration::from_secs(5);

/// Opens a pool of connections to `url` (`sqlite:PATH` or `postgres://…`).
///
/// SQLite runs with `journal_mode=WAL`, `synchronous=FULL` and foreign keys: a committed money fact survives the loss
/// of power.
///
/// # Errors
/// An address that cannot be parsed, or a database that does not answer.
pub async fn open(url: &str, missing: IfMissing) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POOL)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(missing == IfMissing::Create)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY)
        });
    Database::connect(options).await
}

/// Begins a transaction that reads before it writes. In SQLite it takes the write lock at once, because a reader that
/// turns into a writer can be refused in the middle.
///
/// It begins in a task of its own: dropping the driver's own beginning half-way, as a request whose client hangs up does,
/// gives a connection back to the pool on which a transaction has begun that nobody knows of, and whatever is written
/// on it next seems to succeed and is never committed.
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

/// How long [`open_with_retry`] waits.
const AT_START: Duration = Duration::from_secs(30);

/// Opens the database and checks its schema, and waits for up to 30 s while it is away: at the start of a process it may
/// still be starting too.
///
/// # Errors
/// [`Mismatch`]: it stayed away, or its schema is not this program's.
pub async fn open_with_retry(url: &str) -> Result<DatabaseConnection, Mismatch> {
    let (began, mut pause) = (Instant::now(), Duration::from_millis(100));
    loop {
        let error = match open(url, IfMissing::Fail).await {
            Ok(db) => match schema::check(&db).await {
                Ok(()) => return Ok(db),
                Err(Mismatch::Database(error)) => error,
                Err(mismatch) => return Err(mismatch),
            },
            Err(error) => error,
        };
        if !is_transient(&error) || began.elapsed() > AT_START {
            return Err(error.into());
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
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

/// Whether a row was refused or kept because of what refers to what.
#[must_use]
pub fn is_foreign_key_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

/// PostgreSQL: connection, resources, shutdown, serialisation and read-only. SQLite (primary and extended codes): busy,
/// locked, read-only, I/O, full.
fn is_transient_code(code: &str) -> bool {
    let postgres =
        ["08", "40", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) || code == "25006";
    let sqlite = code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13)) && code.len() != 5;
    postgres || sqlite
}
