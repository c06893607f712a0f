//! A full disk. SQLite's own limit on pages stands for it: the errors are the same.

use entity::DatabaseConnection;
use entity::database::{IfMissing, is_transient, open};
use entity::id::new_id;
use entity::job;
use sqlx::Executor;
use testkit::Database;

use crate::new_job;

/// More than the pool has connections.
const ROUNDS: usize = 12;

/// Limits the file to `pages` on every connection of the pool.
async fn limit_pages(db: &DatabaseConnection, pages: u32) {
    let pool = db.get_sqlite_connection_pool();
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut connection = pool.acquire().await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"))).await.unwrap();
        connections.push(connection);
    }
}

#[tokio::test]
async fn writes_after_a_full_disk_are_committed() {
    let database = Database::sqlite().await;
    let owner = testkit::user(&database.connection).await;
    let db = open(&database.url, IfMissing::Fail).await.unwrap();
    limit_pages(&db, 1).await;
    let large = job::New { prompt: "x".repeat(1_000_000), ..new_job(owner) };
    for _ in 0..ROUNDS {
        let refused = job::create(&db, &large, 1, None).await.unwrap_err();
        assert!(is_transient(&refused), "{refused}");
    }
    limit_pages(&db, 1_000_000).await;
    for _ in 0..ROUNDS {
        // Ends its transaction without a commit.
        job::delete(&db, new_id(), owner).await.unwrap();
    }
    for _ in 0..ROUNDS {
        let created = testkit::job(&db, &new_job(owner)).await;
        let seen = job::by_id(&database.connection, created.id).await.unwrap();
        assert!(seen.is_some(), "the job was not committed");
        testkit::job(&database.connection, &new_job(owner)).await;
    }
}
