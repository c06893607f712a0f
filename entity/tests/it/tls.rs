//! PostgreSQL with TLS.

use entity::database::{IfMissing, open};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use testkit::Database;

async fn connect(host: &str, mode: &str, authority: &str) -> Result<DatabaseConnection, DbErr> {
    let authority = testkit::certificates().join(authority);
    let parameters = format!("sslmode={mode}&sslrootcert={}", authority.display());
    open(&Database::postgres_tls_url(host, &parameters), IfMissing::Fail).await
}

#[tokio::test]
async fn connects_if_the_certificate_passes_the_checks_of_sslmode() {
    for (host, mode, authority) in [
        ("localhost", "verify-full", "ca.pem"),
        // The certificate is for `localhost` only; this mode does not check the name.
        ("127.0.0.1", "verify-ca", "ca.pem"),
        // This mode checks nothing.
        ("127.0.0.1", "require", "other.pem"),
    ] {
        let db = connect(host, mode, authority).await.unwrap();
        let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap().unwrap();
        assert!(row.try_get::<bool>("", "ssl").unwrap(), "{mode}");
    }
}

#[tokio::test]
async fn rejects_a_bad_certificate_with_the_reason() {
    for (host, mode, authority, reason) in [
        ("127.0.0.1", "verify-full", "ca.pem", "not valid for name"),
        ("localhost", "verify-full", "other.pem", "UnknownIssuer"),
        ("127.0.0.1", "verify-ca", "other.pem", "UnknownIssuer"),
        ("localhost", "verify-full", "absent.pem", "No such file"),
    ] {
        let error = connect(host, mode, authority).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{host} {mode} {authority}: {error}");
    }
}
