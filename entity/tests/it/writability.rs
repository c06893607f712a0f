//! Whether a database accepts writes.

use entity::database::{IfMissing, is_transient, open};
use entity::schema;
use entity::writability::WriteCheck;
use sea_orm::DbBackend;
use testkit::Database;

#[tokio::test]
async fn a_database_that_can_only_be_read_fails_the_check() {
    for database in Database::each().await {
        let check = WriteCheck::default();
        check.run(&database.connection).await.unwrap();
        let read_only = match database.connection.get_database_backend() {
            DbBackend::Postgres => "options=-c%20default_transaction_read_only%3Don",
            _ => "mode=ro",
        };
        let reader = open(&format!("{}?{read_only}", database.url), IfMissing::Fail).await.unwrap();
        schema::check(&reader).await.unwrap();
        let error = WriteCheck::default().run(&reader).await.unwrap_err();
        assert!(is_transient(&error), "{error}");
        // Within a few seconds nothing is written again.
        check.run(&reader).await.unwrap();
    }
}
