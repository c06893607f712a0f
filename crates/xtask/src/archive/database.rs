//! The database's part, done by other programs: `migration`, `pg_dump` and `pg_restore`.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use url::Url;

use super::files;
use super::manifest::{Contents, Dump};
use super::settings::Database;

/// What `migration` prints about a schema.
#[derive(Debug, Deserialize)]
struct Schema {
    version: i64,
}

/// Runs the `migration` program next to this one, on the database of `url` if given; returns its output.
pub(super) fn migration(arguments: &[&str], url: Option<&str>) -> anyhow::Result<String> {
    let mut command = Command::new(std::env::current_exe()?.with_file_name("migration"));
    command.args(arguments).envs(url.map(|url| ("DATABASE_URL", url)));
    run(&mut command, &format!("migration {}", arguments[0]))
}

/// The version of the database's schema.
pub(super) fn schema_version() -> anyhow::Result<i64> {
    version(&["status", "--json"], None)
}

/// The newest version that this release knows.
pub(super) fn newest_version() -> anyhow::Result<i64> {
    version(&["up", "--dry-run", "--json"], Some("sqlite::memory:"))
}

fn version(arguments: &[&str], url: Option<&str>) -> anyhow::Result<i64> {
    let schema: Schema = serde_json::from_str(&migration(arguments, url)?).context("the schema's version")?;
    Ok(schema.version)
}

/// What the database contains.
pub(super) fn contents() -> anyhow::Result<Contents> {
    serde_json::from_str(&migration(&["contents"], None)?).context("the database's contents")
}

/// Copies the database into a backup's folder.
pub(super) fn dump(database: &Database, folder: &Path) -> anyhow::Result<Dump> {
    let file = match database {
        Database::Sqlite(_) => "database.sqlite",
        Database::Postgres(_) => "database.dump",
    };
    let path = folder.join(file);
    // Created first, so that only its owner can read it.
    files::write_private(&path, &[])?;
    match database {
        Database::Sqlite(_) => drop(migration(&["copy", &path.display().to_string()], None)?),
        Database::Postgres(url) => {
            let output = format!("--file={}", path.display());
            postgres(url, "pg_dump", &["--format=custom", "--no-owner", "--no-privileges", &output])?;
        }
    }
    files::flush(&path)?;
    Ok(Dump { file: file.into(), bytes: path.metadata()?.len(), sha256: files::digest(&path)? })
}

/// Runs one of PostgreSQL's programs. The connection is in its environment: arguments are visible to every user.
pub(super) fn postgres(url: &Url, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let variables = connection(url);
    run(Command::new(program).args(arguments).envs(variables), &format!("{program} {}", arguments[0]))
}

/// The connection's parameters, as variables of libpq.
pub(crate) fn connection(url: &Url) -> Vec<(&'static str, String)> {
    let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let variables = [
        ("PGHOST", query("host").or_else(|| url.host_str().map(decode))),
        ("PGPORT", url.port().map(|port| port.to_string())),
        ("PGUSER", Some(decode(url.username()))),
        ("PGPASSWORD", url.password().map(decode)),
        ("PGDATABASE", Some(decode(url.path().trim_start_matches('/')))),
        ("PGSSLMODE", query("sslmode")),
        ("PGSSLROOTCERT", query("sslrootcert")),
    ];
    let given =
        variables.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    given.collect()
}

/// Decodes `%XX`.
fn decode(text: &str) -> String {
    // In a query `+` is a space; here it stands for itself.
    let query = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn run(command: &mut Command, name: &str) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).stderr(Stdio::inherit()).output() {
        Err(error) if error.kind() == ErrorKind::NotFound && program.starts_with("pg_") => {
            bail!("{program} is missing; install it with: apt-get install postgresql-client")
        }
        Err(error) => Err(error).context(program),
        Ok(output) => {
            ensure!(output.status.success(), "{name} failed; the reason is above");
            Ok(String::from_utf8(output.stdout).context(program)?.trim().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_the_connection_in_variables() {
        let url = "postgres://us%2Fer:p%40ss+word@db.example:5433/sora%20db?sslmode=verify-full&sslrootcert=/ca.pem";
        let variables = connection(&Url::parse(url).expect("valid"));
        let expected = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "us/er"),
            ("PGPASSWORD", "p@ss+word"),
            ("PGDATABASE", "sora db"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/ca.pem"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn leaves_out_what_the_url_does_not_say() {
        let variables = connection(&Url::parse("postgres://u@localhost/db?host=/run/postgresql").expect("valid"));
        let expected = [("PGHOST", "/run/postgresql"), ("PGUSER", "u"), ("PGDATABASE", "db")];
        assert_eq!(variables, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
