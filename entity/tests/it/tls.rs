//! PostgreSQL with TLS: who is asked, and who is turned away.

use entity::database::{IfMissing, open};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use testkit::Database;

async fn opened(host: &str, mode: &str, authority: &str) -> Result<DatabaseConnection, DbErr> {
    let authority = testkit::certificates().join(authority);
    let parameters = format!("sslmode={mode}&sslrootcert={}", authority.display());
    open(&Database::postgres_tls_url(host, &parameters), IfMissing::Fail).await
}

#[tokio::test]
async fn a_server_that_proves_what_it_must_is_spoken_to_with_tls() {
    for (host, mode, authority) in [
        ("localhost", "verify-full", "ca.pem"),
        // The certificate is for `localhost` alone, and this mode does not mind.
        ("127.0.0.1", "verify-ca", "ca.pem"),
        // This one minds nothing at all.
        ("127.0.0.1", "require", "other.pem"),
    ] {
        let db = opened(host, mode, authority).await.unwrap();
        let ask = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), ask)).await.unwrap().unwrap();
        assert!(row.try_get::<bool>("", "ssl").unwrap(), "{mode}");
    }
}

#[tokio::test]
async fn a_server_that_proves_nothing_is_not_spoken_to_and_the_error_says_why() {
    for (host, mode, authority, why) in [
        ("127.0.0.1", "verify-full", "ca.pem", "not valid for name"),
        ("localhost", "verify-full", "other.pem", "UnknownIssuer"),
        ("127.0.0.1", "verify-ca", "other.pem", "UnknownIssuer"),
        ("localhost", "verify-full", "absent.pem", "No such file"),
    ] {
        let error = opened(host, mode, authority).await.unwrap_err().to_string();
        assert!(error.contains(why), "{host} {mode} {authority}: {error}");
    }
}
