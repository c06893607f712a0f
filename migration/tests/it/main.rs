//! Applies the migrations to real databases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use entity::database::{IfMissing, open};
use entity::schema;
use testkit::Database;

#[tokio::test]
async fn migrates_to_the_expected_version_and_is_idempotent() {
    for database in Database::each().await {
        let db = &database.connection;
        migration::up(db).await.unwrap();
        assert_eq!(schema::version(db).await.unwrap().version, schema::EXPECTED);
        schema::check(db).await.unwrap();
    }
}

#[tokio::test]
async fn concurrent_migrations_apply_once() {
    for database in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        let db = &database.connection;
        let (one, other) = tokio::join!(migration::up(db), migration::up(db));
        one.and(other).unwrap();
        schema::check(db).await.unwrap();
    }
}

#[tokio::test]
async fn preview_returns_the_version_and_changes_nothing() {
    for database in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        let db = &database.connection;
        let preview = migration::preview(db).await.unwrap();
        assert_eq!(preview.version, schema::EXPECTED);
        assert_eq!(schema::version(db).await.unwrap().version, 0);
        assert_eq!(migration::up(db).await.unwrap(), preview);
    }
}

#[test]
fn prints_versions_as_json_for_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("sora.db").display());
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_migration"));
        let output = command.args(arguments).env("DATABASE_URL", &url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let previewed = run(&["up", "--dry-run", "--json"]);
    assert_eq!(previewed["version"], schema::EXPECTED);
    assert!(previewed["compatible_from"].as_i64().unwrap() <= schema::EXPECTED.into());
    assert_eq!(run(&["status", "--json"])["version"], 0, "a dry run changes nothing");
    assert_eq!(run(&["up", "--json"]), previewed);
    assert_eq!(run(&["status", "--json"]), previewed);
}

#[tokio::test]
async fn copy_is_a_usable_database_and_never_overwrites_a_file() {
    let database = Database::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it's a copy.db").display().to_string();
    migration::copy(&database.connection, &file).await.unwrap();
    let copy = open(&format!("sqlite:{file}"), IfMissing::Fail).await.unwrap();
    schema::check(&copy).await.unwrap();
    migration::copy(&database.connection, &file).await.unwrap_err();
    migration::copy(&Database::postgres().await.connection, "/nowhere").await.unwrap_err();
}

#[tokio::test]
async fn database_without_a_schema_is_reported_as_older() {
    for database in [Database::empty_sqlite().await, Database::empty_postgres().await] {
        let mismatch = schema::check(&database.connection).await.unwrap_err();
        assert!(matches!(mismatch, schema::Mismatch::Older { found: 0 }), "{mismatch}");
        assert!(mismatch.to_string().contains("run `migration up`"));
    }
}
