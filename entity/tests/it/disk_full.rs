//! A full disk: SQLite refuses to commit, and rolls the transaction back by itself.

use entity::DatabaseConnection;
use entity::database::{IfMissing, open};
use entity::idempotency_key::{Key, Source};
use entity::job;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Sqlite};
use testkit::Database;

use crate::creation;

/// All connections of the pool at once.
async fn connections(db: &DatabaseConnection) -> Vec<PoolConnection<Sqlite>> {
    let pool = db.get_sqlite_connection_pool();
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await.unwrap());
    }
    connections
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_is_not_left_open() {
    let database = Database::sqlite().await;
    let owner = testkit::user(&database.connection).await;
    let db = open(&database.url, IfMissing::Fail).await.unwrap();
    for mut connection in connections(&db).await {
        connection.lock_handle().await.unwrap().set_commit_hook(|| false);
    }
    let source = Source::Client { fingerprint: "body".into() };
    let key = Key { operation: "create".into(), key: "k".into(), source };
    job::create(&db, &creation(owner, 1, &key)).await.unwrap_err();
    let open = connections(&db).await.iter().filter(|connection| connection.is_in_transaction()).count();
    assert_eq!(open, 0, "later transactions would be nested ones, and their commits would be lost");
}
