//! The history, applied to real databases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use entity::schema;
use testkit::Database;

#[tokio::test]
async fn leads_to_the_version_that_the_programs_expect_and_is_safe_to_repeat() {
    for database in Database::each().await {
        let db = &database.connection;
        migration::up(db).await.unwrap();
        assert_eq!(schema::version(db).await.unwrap().version, schema::EXPECTED);
        schema::check(db).await.unwrap();
    }
}

#[tokio::test]
async fn two_at_once_do_it_once() {
    for database in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        let db = &database.connection;
        let (one, other) = tokio::join!(migration::up(db), migration::up(db));
        one.and(other).unwrap();
        schema::check(db).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_without_a_schema_is_older_than_any_program() {
    for database in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        let mismatch = schema::check(&database.connection).await.unwrap_err();
        assert!(matches!(mismatch, schema::Mismatch::Older { found: 0 }), "{mismatch}");
        assert!(mismatch.to_string().contains("run `migration up`"));
    }
}
