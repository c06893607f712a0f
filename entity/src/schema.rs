//! The version of the database schema, and whether this program can work with it.
//!
//! Serving processes never migrate. They refuse a schema older than their own, and a newer one unless it declares that it is
//! compatible (`compatible_from`), so that old replicas keep serving during a rolling update.

use std::fmt;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Statement};

/// The schema version of this program.
pub const EXPECTED: i32 = 10;

/// The version of a database's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Version {
    /// The newest migration applied.
    pub version: i32,
    /// The oldest schema version whose programs can still work with it.
    pub compatible_from: i32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, compatible_from } = self;
        write!(f, "schema version {version}, compatible with programs from version {compatible_from}")
    }
}

/// Why this program cannot work with this database.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    /// There is no schema, or it is older than this program's.
    #[error("the database has schema version {found}, this program needs {EXPECTED}: run `migration up` first")]
    Older {
        /// The database's version; 0 if there is no schema.
        found: i32,
    },
    /// The schema is too new for this program.
    #[error(
        "the database has schema version {found}, which works with programs from version {compatible_from} on; \
         this program is version {EXPECTED}: deploy a newer one"
    )]
    Newer {
        /// The database's version.
        found: i32,
        /// The oldest version that is compatible with it.
        compatible_from: i32,
    },
    /// The version could not be read.
    #[error("could not read the schema version of the database")]
    Database(#[from] DbErr),
}

/// Reads the version; all zeros if the database has no schema.
pub async fn version<C: ConnectionTrait>(db: &C) -> Result<Version, DbErr> {
    if !has_table(db, "schema_version").await? {
        return Ok(Version { version: 0, compatible_from: 0 });
    }
    let query = "SELECT version, compatible_from FROM schema_version";
    let row = Version::find_by_statement(Statement::from_string(db.get_database_backend(), query)).one(db).await?;
    Ok(row.unwrap_or(Version { version: 0, compatible_from: 0 }))
}

/// Whether the database has a table of this name.
pub(crate) async fn has_table<C: ConnectionTrait>(db: &C, name: &str) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let query = match backend {
        sea_orm::DbBackend::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE name = ?",
    };
    let query = Statement::from_sql_and_values(backend, query, [name.into()]);
    Ok(db.query_one_raw(query).await?.is_some())
}

/// Checks that this program can work with the database.
pub async fn check(db: &DatabaseConnection) -> Result<(), Mismatch> {
    compare(version(db).await?, EXPECTED)
}

fn compare(found: Version, expected: i32) -> Result<(), Mismatch> {
    if found.version < expected {
        return Err(Mismatch::Older { found: found.version });
    }
    if found.compatible_from > expected {
        return Err(Mismatch::Newer { found: found.version, compatible_from: found.compatible_from });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_its_own_and_compatible_newer_schemas() {
        let compare = |version, compatible_from| super::compare(Version { version, compatible_from }, 3);
        assert!(matches!(compare(2, 1), Err(Mismatch::Older { found: 2 })));
        assert!(compare(3, 3).is_ok());
        assert!(compare(5, 3).is_ok());
        assert!(matches!(compare(5, 4), Err(Mismatch::Newer { found: 5, compatible_from: 4 })));
    }
}
