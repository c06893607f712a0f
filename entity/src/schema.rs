//! Which schema the database has, and whether this program can work with it.
//!
//! A replica never migrates. It refuses an older schema than its own, and a newer one unless that declares itself
//! compatible (`compatible_from`), so that the old pods of a rolling update keep serving.

use std::fmt;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Statement};

/// The version this program was written for.
pub const EXPECTED: i32 = 5;

/// What the database says of its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Version {
    /// The newest step applied.
    pub version: i32,
    /// The oldest program version that can still work with it.
    pub compatible_from: i32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, compatible_from } = self;
        write!(f, "schema version {version}, compatible with programs from version {compatible_from}")
    }
}

/// Why this program and this database cannot work together.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    /// No schema at all, or one from before this program.
    #[error("the database has schema version {found}, this program needs {EXPECTED}: run `migration up` first")]
    Older {
        /// 0 when there is none.
        found: i32,
    },
    /// A schema that this program is too old for.
    #[error(
        "the database has schema version {found}, which works with programs from version {compatible_from} on; \
         this program is version {EXPECTED}: deploy a newer one"
    )]
    Newer {
        /// The database's version.
        found: i32,
        /// The oldest program it admits.
        compatible_from: i32,
    },
    /// The question could not be asked.
    #[error("the database cannot be asked for its schema version")]
    Database(#[from] DbErr),
}

/// Reads the version; all zero when the database holds no schema.
///
/// # Errors
/// The database did not answer.
pub async fn version<C: ConnectionTrait>(db: &C) -> Result<Version, DbErr> {
    let backend = db.get_database_backend();
    let query = |sql: &str| Statement::from_string(backend, sql);
    let table = match backend {
        sea_orm::DbBackend::Postgres => "SELECT 1 WHERE to_regclass('schema_version') IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'",
    };
    if db.query_one_raw(query(table)).await?.is_none() {
        return Ok(Version { version: 0, compatible_from: 0 });
    }
    let row = Version::find_by_statement(query("SELECT version, compatible_from FROM schema_version")).one(db).await?;
    Ok(row.unwrap_or(Version { version: 0, compatible_from: 0 }))
}

/// Checks that this program can work with the database.
///
/// # Errors
/// [`Mismatch`], whose text names the remedy.
pub async fn check(db: &DatabaseConnection) -> Result<(), Mismatch> {
    judge(version(db).await?, EXPECTED)
}

fn judge(found: Version, expected: i32) -> Result<(), Mismatch> {
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
    fn accepts_its_own_and_compatible_newer_schemas_only() {
        let judge = |version, compatible_from| judge(Version { version, compatible_from }, 3);
        assert!(matches!(judge(2, 1), Err(Mismatch::Older { found: 2 })));
        assert!(judge(3, 3).is_ok());
        assert!(judge(5, 3).is_ok());
        assert!(matches!(judge(5, 4), Err(Mismatch::Newer { found: 5, compatible_from: 4 })));
    }
}
