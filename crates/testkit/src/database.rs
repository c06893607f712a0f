//! A migrated database for one test.

use entity::database::{IfMissing, open};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// A fresh database at the newest schema.
pub struct Database {
    /// URL of the database (`DATABASE_URL`).
    pub url: String,
    /// An open pool.
    pub connection: DatabaseConnection,
    /// Folder of the SQLite file; deleted on drop.
    _folder: Option<TempDir>,
}

impl Database {
    /// Creates a migrated SQLite database in a temporary folder.
    pub async fn sqlite() -> Self {
        Self::empty_sqlite().await.migrated().await
    }

    /// Creates a migrated database on the test PostgreSQL server.
    pub async fn postgres() -> Self {
        Self::empty_postgres().await.migrated().await
    }

    /// Creates one database of each kind, for behaviour that must be the same on both.
    pub async fn each() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }

    /// Returns another handle to this database, for a second process. It must be dropped before this one.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self { url: self.url.clone(), connection: self.connection.clone(), _folder: None }
    }

    /// Returns the URL of the test PostgreSQL server with this `host` and these TLS `parameters`.
    #[must_use]
    pub fn postgres_tls_url(host: &str, parameters: &str) -> String {
        format!("{}?{parameters}", crate::service("TEST_DATABASE_URL").replace("127.0.0.1", host))
    }

    /// Creates a SQLite database without a schema.
    pub async fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::opened(url, Some(folder)).await
    }

    /// Creates a PostgreSQL database without a schema.
    pub async fn empty_postgres() -> Self {
        let server = crate::service("TEST_DATABASE_URL");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let admin = open(&server, IfMissing::Fail).await.expect("the tests' PostgreSQL answers");
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database of its own");
        admin.close().await.expect("the connection closes");
        let (base, _) = server.rsplit_once('/').expect("TEST_DATABASE_URL ends in /DATABASE");
        Self::opened(format!("{base}/{name}"), None).await
    }

    /// Opens the database at `url`, which has no schema, and migrates it.
    pub(crate) async fn at(url: &str) -> Self {
        Self::opened(url.to_owned(), None).await.migrated().await
    }

    async fn migrated(self) -> Self {
        migration::up(&self.connection).await.expect("the schema applies");
        self
    }

    async fn opened(url: String, folder: Option<TempDir>) -> Self {
        let connection = open(&url, IfMissing::Create).await.expect("the database opens");
        Self { url, connection, _folder: folder }
    }
}
